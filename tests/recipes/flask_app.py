# flask_app.py
import os
from datetime import datetime, timezone

from flask import Flask, redirect, request, session

from ticktick_oauth import AuthorizationRequest, Client, IssuedToken, exchange_code
from ticktick_oauth.exceptions import OAuthError
from ticktick_oauth.storage import TokenFile

app = Flask(__name__)
app.secret_key = os.environ["FLASK_SECRET_KEY"]
app.config.update(SESSION_COOKIE_SECURE=True, SESSION_COOKIE_SAMESITE="Lax")
client = Client(
    client_id=os.environ["TICKTICK_CLIENT_ID"],
    client_secret=os.environ["TICKTICK_CLIENT_SECRET"],
    redirect_uri=os.environ["TICKTICK_REDIRECT_URI"],
)


@app.get("/start")
def start():
    authorization = AuthorizationRequest(client=client)
    session["state"] = authorization.state
    return redirect(authorization.uri)


@app.get("/callback")
def callback():
    authorization = AuthorizationRequest.resume(client=client, state=session.pop("state", None))
    response = authorization.parse_response("?" + request.query_string.decode())
    token = exchange_code(client, response)
    TokenFile().save(IssuedToken(token=token, issued_at=datetime.now(timezone.utc), server=client.server))
    return "Signed in."


@app.errorhandler(OAuthError)
def refused(error):
    return str(error), 400, {"Content-Type": "text/plain"}
