# main.py
import functions_framework
import urllib3

from ticktick_oauth.exceptions import SignInRequiredError
from ticktick_oauth.storage import require_token

API = "https://api.ticktick.com/open/v1"
http = urllib3.PoolManager()


@functions_framework.http
def projects(_request):
    try:
        headers = {"Authorization": require_token().authorization_header()}
    except SignInRequiredError as error:
        return str(error), 503
    answer = http.request("GET", f"{API}/project", headers=headers)
    return answer.data, answer.status, {"Content-Type": "application/json"}
