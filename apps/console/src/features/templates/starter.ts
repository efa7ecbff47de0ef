/** The first manifest of a new template: the platform's starter with its owner's words put in. Pure. */

export type TemplateWords = { readonly name: string; readonly title: string; readonly description: string; readonly owner: string };

/**
 * Replaces the words under `metadata:`, and adds those the starter does not have. Everything else stays as it is written,
 * comments too. Empty words are left out, except the three every template needs.
 */
export function fillStarter(source: string, words: TemplateWords): string {
  const lines = source.split("\n");
  const start = lines.findIndex((line) => /^metadata:\s*(#.*)?$/.test(line));
  if (start === -1) return source;
  let end = lines.findIndex((line, index) => index > start && /^\S/.test(line));
  if (end === -1) end = lines.length;
  let after = start;
  for (const key of ["name", "title", "description", "owner"] as const) {
    const at = lines.findIndex((line, index) => index > start && index < end && line.startsWith(`  ${key}:`));
    const value = words[key].trim();
    if (value === "" && key === "description") {
      if (at !== -1) {
        lines.splice(at, 1);
        end--;
      }
      continue;
    }
    const written = `  ${key}: ${scalar(value)}`;
    if (at !== -1) {
      lines[at] = written;
      after = at;
    } else {
      lines.splice(after + 1, 0, written);
      after++;
      end++;
    }
  }
  return lines.join("\n");
}

/** Plain when YAML reads it back as the same text, else quoted as JSON, which is YAML. */
function scalar(text: string): string {
  return /^[A-Za-z][A-Za-z0-9 _.,-]*[A-Za-z0-9.]$/.test(text) && !/^(true|false|null|yes|no|on|off)$/i.test(text)
    ? text
    : JSON.stringify(text);
}
