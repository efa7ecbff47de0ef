import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

type Oklch = readonly [lightness: number, chroma: number, hue: number];

/** OKLCH to linear sRGB, as CSS Color 4 gives it, and WCAG 2.2's contrast ratio. */
function luminance([percent, chroma, hue]: Oklch): number {
  const lightness = percent / 100;
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const [red, green, blue] = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ].map((part) => Math.min(1, Math.max(0, part))) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: Oklch, other: Oklch): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

const css = readFileSync(join(import.meta.dirname, "tokens.css"), "utf8");
const [light = "", dark = ""] = css.split('[data-theme="dark"]');
const themes = { light: tokensOf(light), dark: tokensOf(dark) };

function tokensOf(text: string): Map<string, Oklch> {
  return new Map(
    [...text.matchAll(/--([\w-]+): oklch\(([\d.]+)% ([\d.]+) ([\d.]+)\)/g)].map(([, name, l, c, h]) => [
      name as string,
      [Number(l), Number(c), Number(h)] as const,
    ]),
  );
}

const grounds = ["surface", "canvas", "sunken", "hover"];
const pairs = [
  ...["ink", "ink-2", "ink-3", "accent", "healthy", "breached", "warning"].flatMap((ink) =>
    grounds.map((ground) => [ink, ground] as const),
  ),
  ...["healthy", "breached", "warning", "unknown", "accent"].map((ink) => [ink, `${ink}-soft`] as const),
  ["canary-ink", "canary-soft"] as const,
  ["ink-2", "unknown-soft"] as const,
  ["accent-ink", "accent"] as const,
  ["surface", "breached"] as const,
];

describe.each(Object.entries(themes))("%s", (_, tokens) => {
  test.each(pairs)("%s on %s can be read (4.5:1)", (ink, ground) => {
    const [one, other] = [tokens.get(ink), tokens.get(ground)];
    expect(one && other && contrast(one, other)).toBeGreaterThanOrEqual(4.5);
  });
});

test("both themes decide the same tokens", () => {
  expect([...themes.dark.keys()].sort()).toEqual([...themes.light.keys()].filter((name) => themes.dark.has(name)).sort());
  expect([...themes.light.keys()].filter((name) => !themes.dark.has(name))).toEqual([]);
});
