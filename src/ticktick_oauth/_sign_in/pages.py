"""The HTML that a person sees in a browser, and the headers that keep it harmless.

Each page is whole in itself: no script, no link, nothing from elsewhere, and the one style allowed by its hash.
"""

from html import escape

# What the pages are of where no other program is known.
_PROGRAM = "ticktick-oauth"
_STYLE = """
:root { color-scheme: light dark; --page: #f4f5f9; --card: #fff; --text: #1c2033; --quiet: #5b6178; --line: #7f869e;
  --accent: #3d5ce0; --on-accent: #fff; --green: #1a7f4b; --green-tint: #e3f4ea; --amber: #8a5a00;
  --amber-tint: #fbeed5; --red: #b3261e; --red-tint: #fbe4e2; --blue-tint: #e6eafc; }
@media (prefers-color-scheme: dark) { :root { --page: #12141c; --card: #1c1f2b; --text: #eceef6; --quiet: #a3a9c0;
  --line: #757c96; --accent: #8ea2ff; --on-accent: #12141c; --green: #6fd6a0; --green-tint: #1d3a2b; --amber: #f0bf62;
  --amber-tint: #3d3018; --red: #ff9d94; --red-tint: #46221f; --blue-tint: #262d52; } }
* { box-sizing: border-box; margin: 0; }
body { min-height: 100vh; display: grid; place-items: center; padding: 1.25rem; background: var(--page);
  color: var(--text); font: 1rem/1.55 system-ui, sans-serif; }
main { width: 100%; max-width: 27rem; padding: 2rem; background: var(--card); border: 1px solid var(--line);
  border-radius: 1rem; overflow-wrap: anywhere; }
main > * + *, form > * + * { margin-top: 1.25rem; }
h1 { font-size: 1.35rem; line-height: 1.25; }
.program, .note, dt, label { color: var(--quiet); font-size: .9rem; }
.note { padding-top: 1.25rem; border-top: 1px solid var(--line); }
svg { display: block; width: 3.5rem; height: 3.5rem; padding: .8rem; border-radius: 50%; fill: none;
  stroke: currentColor; stroke-width: 3; stroke-linecap: round; stroke-linejoin: round; }
.allowed { color: var(--green); background: var(--green-tint); }
.denied { color: var(--amber); background: var(--amber-tint); }
.failed { color: var(--red); background: var(--red-tint); }
.stray { color: var(--accent); background: var(--blue-tint); }
dl { display: grid; grid-template-columns: auto 1fr; gap: .4rem 1rem; align-items: baseline; }
label { display: block; }
input { display: block; width: 100%; margin-top: .35rem; padding: .6rem .75rem; font: inherit; font-size: 1rem;
  color: var(--text); background: var(--page); border: 1px solid var(--line); border-radius: .6rem; }
.choices { display: flex; gap: .75rem; }
button { flex: 1; padding: .7rem 1rem; font: inherit; font-weight: 600; border-radius: .6rem; cursor: pointer;
  border: 1px solid var(--line); background: transparent; color: var(--text); }
button.main { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
@media (max-width: 26rem) { main { padding: 1.25rem; } dl { grid-template-columns: 1fr; gap: 0; }
  dd + dt { margin-top: .5rem; } }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
"""
# A tick, a cross, an exclamation mark, an i: what happened is seen without colours, and without reading.
_SIGNS = {
    "allowed": "M4 12.5 9.5 18 20 6.5",
    "denied": "M5.5 5.5 18.5 18.5 M18.5 5.5 5.5 18.5",
    "failed": "M12 3.5V14 M12 20v.01",
    "stray": "M12 10.5V20 M12 4v.01",
}


def page_headers() -> dict[str, str]:
    """Return the headers that every page is sent with."""
    from base64 import b64encode
    from hashlib import sha256

    style_hash = b64encode(sha256(_STYLE.encode()).digest()).decode("ascii")
    return {
        "Content-Type": "text/html; charset=utf-8",
        "Cache-Control": "no-store",
        "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{style_hash}'; frame-ancestors 'none'",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


def allowed_page(program: str) -> bytes:
    """Return the page after the person allowed a program the access."""
    text = f"{program} finishes the sign-in now. You can close this tab and go back to it."
    return _message_page("allowed", "Access allowed", text, program)


def denied_page(program: str) -> bytes:
    """Return the page after the person denied a program the access."""
    text = f"{program} gets no access by this sign-in. You can close this tab and go back to it."
    return _message_page("denied", "Access denied", text, program)


def error_page(reason: str) -> bytes:
    """Return the page for a sign-in that cannot go on; the reason is shown, escaped."""
    return _message_page("failed", "This sign-in did not work", f"{reason} Go back to the program and start again.")


def stray_page(reason: str) -> bytes:
    """Return the page for what is not part of a sign-in, which is not at its end for that."""
    text = f"{reason} If you are signing in, go on in the tab where you began: it has not ended."
    return _message_page("stray", "Nothing to do here", text)


def _message_page(kind: str, title: str, text: str, program: str = _PROGRAM) -> bytes:
    sign = f'<svg class="{kind}" viewBox="0 0 24 24" aria-hidden="true"><path d="{_SIGNS[kind]}"/></svg>'
    return _page(escape(program), title, f"<p>{escape(text)}</p>", sign)


def consent_page(*, client_id: str, redirect_uri: str, scope: str, user: str, client_name: str | None = None) -> bytes:
    """Return the page that asks a person to allow or deny; it posts ``user`` and ``decision`` to its own address."""
    return _page(
        f"{_PROGRAM} sandbox",
        f"Give {client_name or 'this program'} access?",
        f"""<p>It asks to read and change tasks.</p>
<dl>
<dt>Client id</dt><dd>{escape(client_id)}</dd>
<dt>Returns to</dt><dd>{escape(redirect_uri)}</dd>
<dt>Scope</dt><dd>{escape(scope)}</dd>
</dl>
<form method="post">
<label>Signed in as <input name="user" value="{escape(user)}" required autocomplete="off"></label>
<p class="choices"><button class="main" name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button></p>
</form>
<p class="note">A local sandbox: no account is behind it, and its tokens open nothing.</p>""",
    )


def _page(program: str, title: str, body: str, sign: str = "") -> bytes:
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} - {program}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<p class="program">{program}</p>
{sign}
<h1>{escape(title)}</h1>
{body}
</main>
</body>
</html>
""".encode()
