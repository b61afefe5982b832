# lambda_function.py
import os
from datetime import datetime, timezone

import boto3

from ticktick_oauth import AuthorizationRequest, Client, IssuedToken, dump_issued, exchange_code
from ticktick_oauth.exceptions import OAuthError

client = Client(
    client_id=os.environ["TICKTICK_CLIENT_ID"],
    client_secret=os.environ["TICKTICK_CLIENT_SECRET"],
    redirect_uri=os.environ["TICKTICK_REDIRECT_URI"],
)
COOKIE = "__Host-state"
ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"


def handler(event, context):
    if event["rawPath"] == "/start":
        request = AuthorizationRequest(client=client)
        cookie = f"{COOKIE}={request.state}; Max-Age=600; {ATTRIBUTES}"
        return {"statusCode": 302, "headers": {"Location": request.uri}, "cookies": [cookie]}
    if event["rawPath"] != "/callback":
        return {"statusCode": 404}
    cookies = dict(cookie.partition("=")[::2] for cookie in event.get("cookies", []))
    try:
        request = AuthorizationRequest.resume(client=client, state=cookies.get(COOKIE))
        response = request.parse_response("?" + event["rawQueryString"])
        left = context.get_remaining_time_in_millis() / 1000
        token = exchange_code(client, response, timeout=max(0.1, left - 1))
    except OAuthError as error:
        return {"statusCode": 400, "headers": {"Content-Type": "text/plain"}, "body": str(error)}
    issued = IssuedToken(token=token, issued_at=datetime.now(timezone.utc), server=client.server)
    boto3.client("secretsmanager").put_secret_value(SecretId="ticktick", SecretString=dump_issued(issued))
    return {"statusCode": 200, "body": "Signed in.", "cookies": [f"{COOKIE}=; Max-Age=0; {ATTRIBUTES}"]}
