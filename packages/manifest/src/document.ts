import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  Parser,
  type YAMLError,
} from "yaml";
import { DIAGNOSTICS_MAX, type Diagnostic, pointerOf, quoted, type Range, type Sentence, stepsOf } from "./diagnostic.ts";

export const SOURCE_BYTES_MAX = 1024 * 1024;
export const DEPTH_MAX = 64;
export const NODES_MAX = 10_000;
export const KEY_LENGTH_MAX = 256;
/** Words, marks, spaces, comments and line ends: ten a value and room for comments. */
const LEXEMES_MAX = 150_000;

/** Text read as data. `data` is undefined when there are diagnostics: half-read data is no data. */
export type SourceDocument = {
  readonly data: unknown;
  readonly diagnostics: readonly Diagnostic[];
  /** Where a value stands (or, with `key`, its key); of a place that does not exist, the nearest that does. Never throws. */
  locate(pointer: string, part?: "key" | "value"): Range;
  /**
   * The JSON pointer of what a line (from 1) says: the deepest value that spans it alone of its neighbours, its key included; the empty
   * pointer where nothing stands. Never throws.
   */
  pointerAt(line: number): string;
};

type Report = (code: string, message: Sentence, span: readonly [number, number], path?: readonly PropertyKey[]) => void;

/**
 * Reads YAML 1.2 (core schema), of which JSON is a part, into plain JSON data. Refused: duplicate or non-text keys, anchors
 * and aliases, tags that are not of the core schema, directives, several documents, numbers JSON cannot say.
 *
 * Bounded before anything is built: {@link SOURCE_BYTES_MAX}, {@link DEPTH_MAX} levels, {@link NODES_MAX} values. Aliases are
 * never expanded. Never throws.
 */
export function readDocument(source: string): SourceDocument {
  const diagnostics: Diagnostic[] = [];
  const lines = new LineCounter();
  const rangeOf = ([start, end]: readonly [number, number]): Range => {
    const from = lines.linePos(start);
    const to = lines.linePos(Math.max(start, end));
    return { line: Math.max(1, from.line), column: Math.max(1, from.col), endLine: Math.max(1, to.line), endColumn: Math.max(1, to.col) };
  };
  const report: Report = (code, message, span, path = []) => {
    if (diagnostics.length < DIAGNOSTICS_MAX)
      diagnostics.push({ ...rangeOf(span), pointer: pointerOf(path), severity: "error", code, message });
  };

  const document = compose(source, lines, report);
  const data = document && diagnostics.length === 0 ? toData(document, report) : undefined;
  return {
    data: diagnostics.length === 0 ? data : undefined,
    diagnostics,
    locate: (pointer, part = "value") => rangeOf(document ? spanOf(document, stepsOf(pointer), part) : [0, 0]),
    pointerAt: (line) => pointerOf(document ? stepsAt(document, line, (offset) => lines.linePos(offset).line) : []),
  };
}

function compose(source: string, lines: LineCounter, report: Report): Document.Parsed | null {
  if (source.length > SOURCE_BYTES_MAX || new TextEncoder().encode(source).length > SOURCE_BYTES_MAX) {
    report("yaml.too-large", { en: "The manifest is larger than 1 MiB.", fr: "Le manifeste dépasse 1 Mio." }, [0, 0]);
    return null;
  }
  const tokens = tokenise(source, lines, report);
  if (tokens === null) return null;
  const directive = tokens.find((token) => token.type === "directive");
  if (directive) {
    report(
      "yaml.directive",
      { en: "Directives (lines that begin with %) are not allowed.", fr: "Les directives (lignes commençant par %) ne sont pas admises." },
      [directive.offset, directive.offset + 1],
    );
    return null;
  }
  const composer = new Composer({
    version: "1.2",
    schema: "core",
    resolveKnownTags: false,
    merge: false,
    uniqueKeys: false,
    strict: true,
    logLevel: "silent",
  });
  const documents = [...composer.compose(tokens, true, source.length)];
  const [document, second] = documents;
  if (!document) return null;
  if (second) {
    const at = second.contents?.range?.[0] ?? source.length;
    report(
      "yaml.several-documents",
      { en: "There is more than one document: remove the line ---.", fr: "Il y a plusieurs documents : supprimez la ligne ---." },
      [at, at + 1],
    );
  }
  for (const error of [...document.errors, ...document.warnings]) report(`yaml.${codeOf(error)}`, sentenceOf(error), error.pos);
  if (document.contents === null && document.errors.length === 0) {
    report("yaml.empty", { en: "The manifest is empty.", fr: "Le manifeste est vide." }, [0, 0]);
  }
  return document;
}

/** What a lexeme begins with when it opens, names, tags or is a value; U+001F announces a scalar. */
const valueMarks = new Set(["\u001f", ..."[{-:?&!*"]);

/** Lexes and parses step by step, so that a bomb is left long before a tree of it exists. */
function tokenise(source: string, lines: LineCounter, report: Report): CST.Token[] | null {
  const parser = new Parser(lines.addNewLine);
  const tokens: CST.Token[] = [];
  lines.addNewLine(0);
  let starts = 0;
  let lexemes = 0;
  for (const lexeme of new Lexer().lex(source)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    lexemes += 1;
    // At most six such lexemes make one value: `?`, key, `:`, tag, anchor and the value's own.
    if (valueMarks.has(lexeme.charAt(0))) starts += 1;
    if (parser.stack.length > DEPTH_MAX * 3) return tooDeep([parser.offset, parser.offset + 1], [], report);
    if (starts > NODES_MAX * 6 || lexemes > LEXEMES_MAX) return tooMany([parser.offset, parser.offset + 1], report);
  }
  tokens.push(...parser.end());
  return tokens;
}

function tooDeep(span: readonly [number, number], path: readonly PropertyKey[], report: Report): null {
  report(
    "yaml.too-deep",
    { en: `Nested more than ${DEPTH_MAX} levels deep.`, fr: `Plus de ${DEPTH_MAX} niveaux d'imbrication.` },
    span,
    path,
  );
  return null;
}

function tooMany(span: readonly [number, number], report: Report): null {
  report(
    "yaml.too-many-values",
    { en: "The manifest holds more than 10,000 values.", fr: "Le manifeste contient plus de 10 000 valeurs." },
    span,
  );
  return null;
}

const coreTags = new Set(["str", "int", "float", "bool", "null", "map", "seq"].map((name) => `tag:yaml.org,2002:${name}`));

/** Plain data from the tree, in one walk; what JSON cannot say is reported where it stands. */
function toData(document: Document.Parsed, report: Report): unknown {
  let count = 0;
  const path: PropertyKey[] = [];

  const visit = (node: unknown): unknown => {
    count += 1;
    if (count === NODES_MAX + 1) tooMany(spanOfNode(node), report);
    if (count > NODES_MAX) return null;
    if (path.length > DEPTH_MAX) return tooDeep(spanOfNode(node), path, report);
    if (node === null || node === undefined) return null;
    if (isAlias(node)) {
      report(
        "yaml.alias",
        {
          en: "Anchors and aliases (& and *) are not allowed: write the value out.",
          fr: "Les ancres et alias (& et *) ne sont pas admis : recopiez la valeur.",
        },
        spanOfNode(node),
        path,
      );
      return null;
    }
    if (isScalar(node) || isMap(node) || isSeq(node)) {
      if (node.anchor) {
        report(
          "yaml.alias",
          {
            en: `Anchors are not allowed: remove ${quoted(`&${node.anchor}`)}.`,
            fr: `Les ancres ne sont pas admises : supprimez ${quoted(`&${node.anchor}`)}.`,
          },
          spanOfNode(node),
          path,
        );
      }
      if (node.tag && !coreTags.has(node.tag)) {
        report(
          "yaml.tag",
          { en: `The tag ${quoted(node.tag)} is not allowed.`, fr: `L'étiquette ${quoted(node.tag)} n'est pas admise.` },
          spanOfNode(node),
          path,
        );
      }
    }
    if (isScalar(node)) return scalar(node.value, node, path, report);
    if (isSeq(node)) {
      return node.items.map((item, at) => {
        path.push(at);
        const value = visit(isPair(item) ? null : item);
        path.pop();
        return value;
      });
    }
    if (!isMap(node)) return null;
    const entries = new Map<string, unknown>();
    for (const { key, value } of node.items) {
      const name = keyOf(key, path, report);
      if (name === null) continue;
      path.push(name);
      if (entries.has(name)) {
        report(
          "yaml.duplicate-key",
          {
            en: `The key ${quoted(name)} is already written above: keep one.`,
            fr: `La clé ${quoted(name)} figure déjà plus haut : n'en gardez qu'une.`,
          },
          spanOfNode(key),
          path,
        );
      }
      entries.set(name, visit(value));
      path.pop();
    }
    return Object.fromEntries(entries);
  };
  return visit(document.contents);
}

function scalar(value: unknown, node: unknown, path: readonly PropertyKey[], report: Report): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) {
    report(
      "yaml.not-a-number",
      { en: "Infinity and NaN are not allowed.", fr: "L'infini et NaN ne sont pas admis." },
      spanOfNode(node),
      path,
    );
    return null;
  }
  if (typeof value === "string" && !value.isWellFormed()) {
    report(
      "yaml.not-unicode",
      { en: "The text holds half a Unicode character.", fr: "Le texte contient une moitié de caractère Unicode." },
      spanOfNode(node),
      path,
    );
    return null;
  }
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : null;
}

function keyOf(key: unknown, path: readonly PropertyKey[], report: Report): string | null {
  if (!isScalar(key) || typeof key.value !== "string") {
    report(
      "yaml.key-not-text",
      { en: "A key must be text: put it in quotes.", fr: "Une clé doit être du texte : mettez-la entre guillemets." },
      spanOfNode(key),
      path,
    );
    return null;
  }
  if (key.value.length > KEY_LENGTH_MAX || !key.value.isWellFormed() || key.anchor || (key.tag && !coreTags.has(key.tag))) {
    report(
      "yaml.key-refused",
      {
        en: `A key is at most ${KEY_LENGTH_MAX} characters of plain text, without tag or anchor.`,
        fr: `Une clé compte au plus ${KEY_LENGTH_MAX} caractères de texte, sans étiquette ni ancre.`,
      },
      spanOfNode(key),
      path,
    );
    return null;
  }
  if (key.value === "__proto__") {
    report(
      "yaml.key-refused",
      { en: 'The key "__proto__" is not allowed.', fr: 'La clé "__proto__" n\'est pas admise.' },
      spanOfNode(key),
      path,
    );
    return null;
  }
  return key.value;
}

function spanOfNode(node: unknown): readonly [number, number] {
  const range = (node as { range?: readonly [number, number, number] | null } | null)?.range;
  return range ? [range[0], range[1]] : [0, 0];
}

function spanOf(document: Document.Parsed, steps: readonly string[], part: "key" | "value"): readonly [number, number] {
  let node: unknown = document.contents;
  let span = spanOfNode(node);
  for (const [at, step] of steps.entries()) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === step);
      if (!pair) break;
      const empty = pair.value === null || spanOfNode(pair.value)[0] === spanOfNode(pair.value)[1];
      span = empty || (part === "key" && at === steps.length - 1) ? spanOfNode(pair.key) : spanOfNode(pair.value);
      node = pair.value;
    } else if (isSeq(node)) {
      const item: unknown = node.items[Number(step)];
      if (item === undefined) break;
      span = spanOfNode(item);
      node = item;
    } else break;
  }
  return span;
}

/** Several neighbours on one line are told apart by nothing that a line says: then what holds them is meant. */
function stepsAt(document: Document.Parsed, line: number, lineOf: (offset: number) => number): PropertyKey[] {
  const steps: PropertyKey[] = [];
  for (let node: unknown = document.contents; ; ) {
    const there = childrenOf(node).filter(({ start, end }) => lineOf(start) <= line && line <= lineOf(Math.max(start, end - 1)));
    const [child] = there;
    if (!child || there.length > 1) return steps;
    steps.push(child.step);
    node = child.value;
  }
}

type Child = { readonly step: PropertyKey; readonly value: unknown; readonly start: number; readonly end: number };

function childrenOf(node: unknown): Child[] {
  if (isSeq(node)) return node.items.map((value, step) => childOf(step, value, spanOfNode(value), spanOfNode(value)));
  if (!isMap(node)) return [];
  return node.items.flatMap(({ key, value }) =>
    isScalar(key) ? [childOf(String(key.value), value, spanOfNode(key), value === null ? spanOfNode(key) : spanOfNode(value))] : [],
  );
}

function childOf(
  step: PropertyKey,
  value: unknown,
  [start, keyEnd]: readonly [number, number],
  [, valueEnd]: readonly [number, number],
): Child {
  return { step, value, start, end: Math.max(keyEnd, valueEnd) };
}

const codes: Readonly<Record<string, string>> = {
  BAD_INDENT: "indentation",
  TAB_AS_INDENT: "tab",
  MISSING_CHAR: "missing-character",
  BAD_DQ_ESCAPE: "escape",
  TAG_RESOLVE_FAILED: "tag",
  MULTILINE_IMPLICIT_KEY: "key-on-several-lines",
  BLOCK_AS_IMPLICIT_KEY: "nested-on-one-line",
  BAD_ALIAS: "alias",
  MULTIPLE_DOCS: "several-documents",
};

function codeOf(error: YAMLError): string {
  if (error.message.includes("end with a")) return "missing-character";
  return codes[error.code] ?? "syntax";
}

/** The library's own English says most; the French says what to do about the usual ones. */
function sentenceOf(error: YAMLError): Sentence {
  const en = `${error.message.split("\n")[0]?.slice(0, 200) ?? "This is not YAML"}.`.replace(/:\.$|\.\.$/, ".");
  return (
    sentences[codeOf(error)] ?? { en: `This is not valid YAML here: ${lowerFirst(en)}`, fr: "Ce n'est pas du YAML valable à cet endroit." }
  );
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

const sentences: Readonly<Record<string, Sentence>> = {
  indentation: { en: "The indentation does not fit the lines above.", fr: "L'indentation ne correspond pas aux lignes qui précèdent." },
  tab: { en: "Tabs cannot indent: use spaces.", fr: "Les tabulations ne peuvent pas indenter : utilisez des espaces." },
  "missing-character": {
    en: "Something is missing here: a colon, a comma, a quote or a closing bracket.",
    fr: "Il manque ici un deux-points, une virgule, un guillemet ou un crochet fermant.",
  },
  escape: {
    en: "This backslash sequence does not exist: use \\\\ for a backslash, or single quotes.",
    fr: "Cette séquence n'existe pas : écrivez \\\\ pour une barre oblique inverse, ou utilisez des apostrophes.",
  },
  tag: { en: "Tags (words that begin with !) are not allowed.", fr: "Les étiquettes (mots commençant par !) ne sont pas admises." },
  "key-on-several-lines": {
    en: "A key must stand on one line and be followed by a colon.",
    fr: "Une clé doit tenir sur une ligne et être suivie d'un deux-points.",
  },
  "nested-on-one-line": {
    en: "Two keys cannot stand on one line: put the second on its own line.",
    fr: "Deux clés ne peuvent pas tenir sur une ligne : mettez la seconde à la ligne.",
  },
  alias: {
    en: "Anchors and aliases (& and *) are not allowed: write the value out.",
    fr: "Les ancres et alias (& et *) ne sont pas admis : recopiez la valeur.",
  },
  "several-documents": {
    en: "There is more than one document: remove the line ---.",
    fr: "Il y a plusieurs documents : supprimez la ligne ---.",
  },
};
