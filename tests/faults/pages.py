"""Answers in the form that real servers send them."""

TOMCAT_401 = (
    '<!doctype html><html lang="en"><head><title>HTTP Status 401 \u2013 Unauthorized</title><style type="text/css">'
    "body {font-family:Tahoma,Arial,sans-serif;} h1, h2, h3, b {color:white;background-color:#525D76;} "
    "h1 {font-size:22px;} h2 {font-size:16px;} h3 {font-size:14px;} p {font-size:12px;} a {color:black;} "
    ".line {height:1px;background-color:#525D76;border:none;}</style></head><body>"
    '<h1>HTTP Status 401 \u2013 Unauthorized</h1><hr class="line" /><p><b>Type</b> Status Report</p>'
    "<p><b>Message</b> Unauthorized</p><p><b>Description</b> The request has not been applied because it lacks valid "
    "authentication credentials for the target resource.</p>"
    '<hr class="line" /><h3>Apache Tomcat/8.5.35</h3></body></html>'
)
"""Tomcat's own error page, which TickTick's server answers wrong Basic credentials with."""
