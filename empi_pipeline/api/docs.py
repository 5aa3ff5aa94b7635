"""`/api/v1/docs`: the operations as a page, from the OpenAPI document, without a script of anybody's."""

from html import escape
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "code{font-size:.95em}dt{margin-top:1rem;font-weight:600}dd{margin-left:1.5rem;white-space:pre-line}"
    "@media(prefers-color-scheme:dark){body{background:#111;color:#ddd}a{color:#8bf}}"
)
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


def add_to(app: FastAPI, prefix: str) -> None:
    """Serve the page."""

    def docs(request: Request) -> HTMLResponse:
        page = _page(request.app.openapi(), f"{prefix}/openapi.json")
        return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY})

    app.add_api_route(f"{prefix}/docs", docs, include_in_schema=False)


def _page(document: dict[str, Any], address: str) -> str:
    by_tag: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            told = [f"<dt><code>{method.upper()} {escape(path)}</code></dt>"]
            told.append(f"<dd>{escape(operation.get('description', operation.get('summary', '')))}")
            given = [f"<code>{escape(each['name'])}</code>" for each in operation.get("parameters", [])]
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            fields = _fields(document, body)
            if given:
                told.append(f"\nParameters: {', '.join(given)}")
            if fields:
                told.append(f"\nBody: {', '.join(f'<code>{escape(name)}</code>' for name in fields)}")
            told.append("</dd>")
            by_tag.setdefault(operation.get("tags", ["other"])[0], []).append("".join(told))
    sections = "".join(f"<h2>{escape(tag)}</h2><dl>{''.join(entries)}</dl>" for tag, entries in by_tag.items())
    title = f"{document['info']['title']} API {document['info']['version']}"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
        f'<h1>{escape(title)}</h1><p>The whole of it for programs: <a href="{address}">OpenAPI document</a>.</p>'
        f"{sections}</html>"
    )


def _fields(document: dict[str, Any], schema: dict[str, Any]) -> list[str]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found = document.get("components", {}).get("schemas", {}).get(name, schema)
    return list(found.get("properties", {}))
