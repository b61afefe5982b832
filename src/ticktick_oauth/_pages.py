"""The HTML that a person sees in a browser, and the headers that keep it harmless.

Each page is whole in itself: no script, no link, nothing from elsewhere, and the one style allowed by its hash.
"""

from html import escape

_STYLE = """
:root { color-scheme: light dark; --page: #f4f5f9; --card: #fff; --text: #1c2033; --quiet: #5b6178; --line: #dfe2ee;
  --accent: #3d5ce0; --on-accent: #fff; }
@media (prefers-color-scheme: dark) { :root { --page: #12141c; --card: #1c1f2b; --text: #eceef6; --quiet: #a3a9c0;
  --line: #343949; --accent: #8ea2ff; --on-accent: #12141c; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.25rem; background: var(--page);
  color: var(--text); font: 1rem/1.55 system-ui, sans-serif; }
main { width: 100%; max-width: 27rem; padding: 2rem; background: var(--card); border: 1px solid var(--line);
  border-radius: 1rem; overflow-wrap: anywhere; }
h1 { margin: 0 0 .75rem; font-size: 1.35rem; line-height: 1.25; }
p { margin: 0 0 1rem; }
p:last-child { margin: 0; }
.quiet { margin-top: 1.25rem; color: var(--quiet); font-size: .9rem; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .4rem 1rem; margin: 0 0 1.5rem; }
dt { color: var(--quiet); }
dd { margin: 0; }
label { display: block; margin: 0 0 1.5rem; color: var(--quiet); }
input { display: block; width: 100%; margin-top: .35rem; padding: .6rem .75rem; font: inherit; color: var(--text);
  background: var(--page); border: 1px solid var(--line); border-radius: .6rem; }
.choices { display: flex; flex-direction: row-reverse; gap: .75rem; }
button { flex: 1; padding: .7rem 1rem; font: inherit; font-weight: 600; border-radius: .6rem; cursor: pointer;
  border: 1px solid var(--line); background: transparent; color: var(--text); }
button.main { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
"""


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


def allowed_page() -> bytes:
    """Return the page after the person allowed the access."""
    return _message_page(
        "Access allowed", "Go back to the program, which finishes the sign-in. You can close this tab."
    )


def denied_page() -> bytes:
    """Return the page after the person denied the access."""
    return _message_page("Access denied", "Nothing was shared with the program. You can close this tab.")


def error_page(reason: str) -> bytes:
    """Return the page for a sign-in that cannot go on; the reason is shown, escaped."""
    return _message_page("This sign-in did not work", f"{reason} Go back to the program and start again.")


def _message_page(title: str, text: str) -> bytes:
    return _page(title, f"<p>{escape(text)}</p>")


def consent_page(*, client_id: str, redirect_uri: str, scope: str, user: str) -> bytes:
    """Return the page that asks a person to allow or deny; it posts ``user`` and ``decision`` to its own address."""
    title = "Give this program access?"
    return _page(
        title,
        f"""<p>It asks to read and change tasks.</p>
<dl>
<dt>Program</dt><dd>{escape(client_id)}</dd>
<dt>Returns to</dt><dd>{escape(redirect_uri)}</dd>
<dt>Scope</dt><dd>{escape(scope)}</dd>
</dl>
<form method="post">
<label>Signed in as <input name="user" value="{escape(user)}" required autocomplete="off"></label>
<p class="choices"><button class="main" name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button></p>
</form>
<p class="quiet">A local sandbox: no account is behind it, and its tokens open nothing.</p>""",
    )


def _page(title: str, body: str) -> bytes:
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>{escape(title)}</h1>
{body}
</main>
</body>
</html>
""".encode()
