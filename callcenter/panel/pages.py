"""Pages: templates with the frame's variables, hashed assets, and one line to add a page."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp_jinja2
import jinja2
from aiohttp import web

from callcenter.panel import i18n
from callcenter.panel.access import identity_of, requires
from callcenter.panel.keys import MANIFEST, SETTINGS
from callcenter.panel.rights import Right


def set_up(app: web.Application, folder: Path) -> None:
    """Let `app` show the templates of `folder`/templates with the files that its build left in `folder`/dist.

    Raises FileNotFoundError when the front end has not been built.
    """
    dist = folder / "dist"
    app[MANIFEST] = json.loads((dist / "manifest.json").read_text(encoding="utf-8"))
    app.router.add_static("/static/", dist)
    environment = aiohttp_jinja2.setup(
        app,
        loader=jinja2.FileSystemLoader(folder / "templates"),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        extensions=["jinja2.ext.i18n"],
    )
    install: Callable[..., None] = environment.install_gettext_callables  # type: ignore[attr-defined]  # the extension adds it
    install(i18n.translate, i18n.translate_plural, newstyle=True)


def render(
    request: web.Request, template: str, *, page: str, status: int = 200, context: Mapping[str, Any] | None = None
) -> web.Response:
    """Show `template` with the frame's variables (as in `frame` below) and `context`."""
    manifest = request.app[MANIFEST]

    def asset(name: str) -> str:
        return f"/static/{manifest[name]}"

    user = identity_of(request)
    frame = {
        "user": user,
        "rights": " ".join(sorted(user.all_rights)) if user else "",
        "ends": user.ends if user else None,
        "lang": i18n.current(),
        "https_port": request.app[SETTINGS].https_panel_port,
        "time_zone": request.app[SETTINGS].time_zone,
        "page": page,
        "asset": asset,
        "i18n_json": i18n.script_catalogue(i18n.current()),
    }
    answer = aiohttp_jinja2.render_template(template, request, {**frame, **(context or {})}, status=status)
    answer.headers["Cache-Control"] = "no-store"
    # Every page carries its words, which shrink to a third. Compressing gives nothing away (BREACH): no page holds a
    # token, and no other site can make a signed-in browser ask.
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        answer.enable_compression(web.ContentCoding.gzip)
        answer.headers["Vary"] = "Accept-Encoding"
    return answer


def add_page(app: web.Application, path: str, template: str, *, right: Right) -> None:
    """Show `template` at `path` to everyone who has `right`; `page` is the template's name without `.html`."""
    name = template.removesuffix(".html")

    @requires(right)
    async def show(request: web.Request) -> web.Response:
        return render(request, template, page=name)

    app.router.add_get(path, show, name=f"page-{name}")
