"""Sign the owner of this function in to TickTick, and keep the token in Secrets Manager.

Handler: lambda_function.handler, behind a function URL. Timeout: 20 seconds; the default of 3 is too short.
Rights: secretsmanager:DescribeSecret, CreateSecret and PutSecretValue, for the secret "ticktick".
Variables: OWNER_PASSWORD, which /start asks for, and the three TICKTICK_ ones below.
The bundle (a start without .pyc files costs three times as much):
  python -m pip install --target bundle ticktick-oauth    # or the path of a clone
  cp lambda_function.py bundle
  python -m compileall -q --invalidation-mode unchecked-hash bundle
boto3 logs the token if you set its log level to DEBUG.
"""

import os
from base64 import b64decode
from datetime import datetime, timezone
from hmac import compare_digest
from urllib.parse import parse_qs

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from ticktick_oauth import AuthorizationRequest, Client, IssuedToken, dump_issued, exchange_code
from ticktick_oauth.exceptions import OAuthError

client = Client(
    client_id=os.environ["TICKTICK_CLIENT_ID"],
    client_secret=os.environ["TICKTICK_CLIENT_SECRET"],
    redirect_uri=os.environ["TICKTICK_REDIRECT_URI"],
)
SECRET = "ticktick"
ATTRIBUTES = "Max-Age=600; Path=/; Secure; HttpOnly; SameSite=Lax"
FORM = "<!doctype html><title>TickTick</title><form method=post><input type=password name=password><button>Go</button>"
# Tokens by their codes, until they are kept: a code is spent by its first use. Another process does not see them; a new
# sign-in brings the same token then.
unsaved: dict[str, IssuedToken] = {}


def handler(event, context):
    try:
        if event["rawPath"] == "/start":
            return start(event)
        return callback(event, context) if event["rawPath"] == "/callback" else {"statusCode": 404}
    except OAuthError as error:
        return answer(400, str(error))
    except (BotoCoreError, ClientError) as error:
        return answer(503, f"{type(error).__name__}: mend it and reload, or sign in again, which brings the same token")


def start(event):
    body = event.get("body") or ""
    form = parse_qs(b64decode(body).decode() if event.get("isBase64Encoded") else body)
    # Whoever gets further can replace the token.
    if not compare_digest(form.get("password", [""])[0].encode(), os.environ["OWNER_PASSWORD"].encode()):
        return answer(200, FORM, "text/html")
    secrets = boto3.client("secretsmanager")
    try:  # what cannot be kept comes out now, before anybody signs in
        secrets.describe_secret(SecretId=SECRET)
    except secrets.exceptions.ResourceNotFoundException:
        secrets.create_secret(Name=SECRET)
    request = AuthorizationRequest(client=client)
    return {"statusCode": 303, "headers": {"Location": request.uri}, "cookies": [cookie("state", request.state)]}


def callback(event, context):
    cookies = dict(pair.partition("=")[::2] for pair in event.get("cookies", []))
    request = AuthorizationRequest.resume(client=client, state=cookies.get("__Host-state"))
    response = request.parse_response("?" + event["rawQueryString"])
    if cookies.get("__Host-done") != request.state:  # a reload after success is a success
        if response.code not in unsaved:
            left = context.get_remaining_time_in_millis() / 1000
            token = exchange_code(client, response, timeout=max(0.1, left - 2))
            issued = IssuedToken(token=token, issued_at=datetime.now(timezone.utc), server=client.server)
            unsaved[response.code] = issued
        secret = dump_issued(unsaved[response.code])
        boto3.client("secretsmanager").put_secret_value(SecretId=SECRET, SecretString=secret)
        del unsaved[response.code]
    return {**answer(200, "Signed in."), "cookies": [cookie("done", request.state)]}


def cookie(name, value):
    return f"__Host-{name}={value}; {ATTRIBUTES}"


def answer(status, text, kind="text/plain"):
    return {"statusCode": status, "headers": {"Content-Type": kind}, "body": text}
