"""Sign the owner of this application in to TickTick, and keep the token in a file.

Set FLASK_SECRET_KEY, OWNER_PASSWORD and the three TICKTICK_ variables below, and serve it by TLS.
"""

import os
from datetime import datetime, timezone
from hmac import compare_digest

from flask import Flask, Response, redirect, request, session

from ticktick_oauth import AuthorizationRequest, Client, IssuedToken, TokenFile, exchange_code
from ticktick_oauth.exceptions import OAuthError, StorageError

app = Flask(__name__)
app.secret_key = os.environ["FLASK_SECRET_KEY"]
app.config.update(SESSION_COOKIE_SECURE=True, SESSION_COOKIE_SAMESITE="Lax")
client = Client(
    client_id=os.environ["TICKTICK_CLIENT_ID"],
    client_secret=os.environ["TICKTICK_CLIENT_SECRET"],
    redirect_uri=os.environ["TICKTICK_REDIRECT_URI"],
)
# Tokens by their codes, until they are kept: a code is spent by its first use. Another process does not see them; a new
# sign-in brings the same token then.
unsaved: dict[str, IssuedToken] = {}


@app.get("/start")
def start():
    # Whoever gets further can replace the token. Put your application's own login here, if it has one.
    given = request.authorization.password if request.authorization else None
    if not compare_digest((given or "").encode(), os.environ["OWNER_PASSWORD"].encode()):
        return Response("Who are you?", 401, {"WWW-Authenticate": 'Basic realm="owner"'})
    TokenFile().load()  # a file that cannot be read is a StorageError now, before anybody signs in
    authorization = AuthorizationRequest(client=client)
    session["state"] = authorization.state
    return redirect(authorization.uri)


@app.get("/callback")
def callback():
    authorization = AuthorizationRequest.resume(client=client, state=session.get("state"))
    response = authorization.parse_response("?" + request.query_string.decode())
    if session.get("done") != authorization.state:  # a reload after success is a success
        if response.code not in unsaved:
            token = exchange_code(client, response)
            issued = IssuedToken(token=token, issued_at=datetime.now(timezone.utc), server=client.server)
            unsaved[response.code] = issued
        TokenFile().save(unsaved[response.code])
        del unsaved[response.code]
        session["done"] = authorization.state
    return "Signed in."


@app.errorhandler(StorageError)
def not_kept(error):
    return f"{error}\n\nMend that, and reload this page: the token is not lost.", 503, {"Content-Type": "text/plain"}


@app.errorhandler(OAuthError)
def refused(error):
    return str(error), 400, {"Content-Type": "text/plain"}
