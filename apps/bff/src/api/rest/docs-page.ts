/** The reference as one page of plain HTML, without a script: what the OpenAPI document says, for people. */
import { rolesOf, tagOf } from "./openapi.ts";
import type { Operation } from "./route.ts";

type Item = {
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly description?: string;
    readonly schema: unknown;
  }[];
  readonly requestBody?: { readonly content: { readonly "application/json": { readonly schema: unknown } } };
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content: Readonly<Record<string, { schema: unknown }>> }>
  >;
};

const STYLE = `:root{color-scheme:light dark;--ink:#1a1d21;--ink2:#5b6470;--line:#dfe3e8;--bg:#fafbfc;--card:#fff;--accent:#2f5fd0}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaed;--ink2:#a3abb5;--line:#2c3138;--bg:#121417;--card:#181b1f;--accent:#8fb0ff}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);font:14px/1.55 system-ui,sans-serif}
main{max-width:860px;margin:0 auto;padding:40px 24px 96px}h1{font-size:24px;margin:0 0 8px}h2{font-size:17px;margin:40px 0 12px;text-transform:capitalize}
p{color:var(--ink2);margin:4px 0 12px;text-wrap:pretty}a{color:var(--accent)}
details{background:var(--card);border:1px solid var(--line);border-radius:8px;margin:8px 0}summary{cursor:pointer;padding:10px 14px;display:flex;gap:12px;align-items:baseline;flex-wrap:wrap}
summary:focus-visible{outline:2px solid var(--accent);outline-offset:1px}details>div{padding:0 14px 14px;border-top:1px solid var(--line)}
code,pre{font:12.5px/1.5 ui-monospace,monospace}pre{overflow-x:auto;background:var(--bg);border:1px solid var(--line);border-radius:6px;padding:10px 12px}
.method{font-weight:700;width:44px}.what{color:var(--ink2);margin-left:auto}table{border-collapse:collapse;width:100%}td{padding:4px 12px 4px 0;vertical-align:top;border-top:1px solid var(--line)}h3{font-size:13px;margin:14px 0 4px}`;

/** What the page may do: show itself, and nothing else. */
export const DOCS_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

export function docsPage(operations: readonly Operation[], document: { readonly paths?: unknown }, origin: string): string {
  const paths = document.paths as Record<string, Record<string, Item>>;
  const tags = [...new Set(operations.map(tagOf))];
  const sections = tags.map((tag) => {
    const items = operations.filter((of) => tagOf(of) === tag).map((of) => section(of, paths[of.path]?.[of.method.toLowerCase()], origin));
    return `<h2 id="${html(tag)}">${html(tag)}</h2>${items.join("")}`;
  });
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Agent Factory API</title><style>${STYLE}</style></head><body><main>
<h1>Agent Factory API</h1>
<p>One tenant's templates, runs, channels, rollouts and usage over HTTP and JSON. The machine-readable contract is the <a href="/v1/openapi.json">OpenAPI 3.1 document</a>.</p>
<p>Send <code>Authorization: Bearer aft_…</code> with a token from the console (Tokens). Refusals are <code>application/problem+json</code> with a stable <code>code</code> and a <code>traceId</code>. Send an <code>Idempotency-Key</code> with every POST: sent again within a day it acts once. <code>RateLimit</code> says what is left; after a 429 wait for <code>Retry-After</code> seconds.</p>
<p>${tags.map((tag) => `<a href="#${html(tag)}">${html(tag)}</a>`).join(" · ")}</p>
${sections.join("")}</main></body></html>`;
}

function section(of: Operation, item: Item | undefined, origin: string): string {
  const reply = item?.responses[String(of.status ?? 200)]?.content["application/json"]?.schema;
  const body = item?.requestBody?.content["application/json"].schema;
  const rows = (item?.parameters ?? []).map(
    ({ name, in: where, required, description }) =>
      `<tr><td><code>${html(name)}</code></td><td>${where}${required ? ", required" : ""}</td><td>${html(description ?? "")}</td></tr>`,
  );
  const roles = rolesOf(of);
  const send = of.body ? ` -H 'content-type: application/json' -d '…'` : "";
  return `<details id="${html(of.id)}"><summary><span class="method">${of.method}</span><code>${html(of.path)}</code><span class="what">${html(of.summary)}</span></summary><div>
<p>${roles.length > 0 ? `For tokens with the role ${roles.map((role) => `<code>${role}</code>`).join(" or ")}.` : "For people, not for tokens."}</p>
<pre>curl -X ${of.method} ${html(origin)}${html(of.path)} -H 'authorization: Bearer aft_…'${send}</pre>
${rows.length > 0 ? `<h3>Parameters</h3><table>${rows.join("")}</table>` : ""}
${body === undefined ? "" : `<h3>Body</h3><pre>${html(JSON.stringify(body, null, 2))}</pre>`}
<h3>Answer ${of.status ?? 200}</h3><pre>${html(JSON.stringify(reply, null, 2) ?? "")}</pre>
${(of.failures ?? []).length > 0 ? `<h3>Refusals</h3><p>${(of.failures ?? []).map((code) => `<code>${html(code)}</code>`).join(" ")}</p>` : ""}</div></details>`;
}

function html(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
