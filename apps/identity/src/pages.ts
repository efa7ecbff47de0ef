import { people } from "./people.ts";
import { type Language, say, sentences } from "./sentences.ts";

/** Text for HTML: the only way that a value gets into a page. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

type PageOptions = { language: Language; title: string; body: string; languageSwitch?: boolean; script?: boolean };

function page({ language, title, body, languageSwitch = false, script = false }: PageOptions): string {
  const other: Language = language === "en" ? "fr" : "en";
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${escapeHtml(title)} · Agent Factory</title>
<link rel="icon" href="/assets/mark.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/identity.css">
${script ? '<script src="/assets/sign-out.js" defer></script>' : ""}
</head>
<body>
<main>
<header><img src="/assets/mark.svg" alt="" width="28" height="28"><span>Agent Factory</span>${
    languageSwitch
      ? `<a class="language" href="?lang=${other}" lang="${other}" hreflang="${other}">${say(sentences.otherLanguage, language)}</a>`
      : ""
  }</header>
${body}
</main>
</body>
</html>`;
}

/** The sign-in page: one click on a person, or an address. `unknownEmail` is what was typed when nobody has it. */
export function signInPage(options: { language: Language; uid: string; unknownEmail?: string }): string {
  const { language, uid, unknownEmail } = options;
  const action = `/interaction/${encodeURIComponent(uid)}?lang=${language}`;
  const entries = people
    .map(
      (person) => `<li><button type="submit" name="person" value="${escapeHtml(person.subject)}">
<span class="initials" aria-hidden="true">${escapeHtml(initials(person.name))}</span>
<span class="who"><strong>${escapeHtml(person.name)}</strong><span>${escapeHtml(person.role[language])}</span></span>
<span class="tenant">${escapeHtml(person.tenant)}</span>
</button></li>`,
    )
    .join("\n");
  const problem =
    unknownEmail === undefined
      ? ""
      : `<p class="problem" id="problem" role="alert">${escapeHtml(say(sentences.nobody, language, { email: unknownEmail }))}</p>`;
  const body = `<h1>${say(sentences.title, language)}</h1>
<p class="intro">${say(sentences.intro, language)}</p>
<form method="post" action="${action}" aria-label="${say(sentences.people, language)}"><ul>
${entries}
</ul></form>
<form method="post" action="${action}" class="address">
<label for="email">${say(sentences.byEmail, language)}</label>
<div><input id="email" name="email" type="email" required autocomplete="username" spellcheck="false" placeholder="editor@acme.test" value="${escapeHtml(
    unknownEmail ?? "",
  )}"${problem ? ' aria-invalid="true" aria-describedby="problem"' : ""}>
<button type="submit">${say(sentences.continue, language)}</button></div>
${problem}
</form>
<p class="notice">${say(sentences.notice, language)}</p>`;
  return page({ language, title: say(sentences.title, language), body, languageSwitch: true });
}

/** A page with a heading, a paragraph and a way back. */
export function messagePage(options: { language: Language; title: string; text: string; consoleUrl: string }): string {
  const { language, title, text, consoleUrl } = options;
  const body = `<h1>${escapeHtml(title)}</h1>
<p class="intro">${escapeHtml(text)}</p>
<p><a class="button" href="${escapeHtml(consoleUrl)}">${say(sentences.backToConsole, language)}</a></p>`;
  return page({ language, title, body });
}

/** Asks once; when the client proved who is leaving (`sure`), the script answers yes at once. `form` is the provider's own form. */
export function signOutPage(options: { language: Language; form: string; sure: boolean }): string {
  const { language, form, sure } = options;
  const body = `<h1>${say(sentences.signOutTitle, language)}</h1>
<p class="intro">${say(sentences.signOutText, language)}</p>
${form}
<p class="choice"${sure ? " data-sure" : ""}><button type="submit" form="op.logoutForm" name="logout" value="yes">${say(
    sentences.signOut,
    language,
  )}</button>
<button type="submit" form="op.logoutForm" class="quiet">${say(sentences.staySignedIn, language)}</button></p>`;
  return page({ language, title: say(sentences.signOutTitle, language), body, script: sure });
}

function initials(name: string): string {
  return name
    .split(" ")
    .map((part) => part.charAt(0))
    .join("");
}
