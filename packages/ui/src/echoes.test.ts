import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createEchoes } from "./echoes.ts";

/** An editor and its owner, whose answers come late: `renders` are the values on their way back. */
function edited() {
  const echoes = createEchoes();
  let model = "";
  let held = "";
  let shown = "";
  const renders: string[] = [];
  return {
    type(text: string) {
      model += text;
      held = model;
      echoes.told(model);
    },
    replace(text: string) {
      held = text;
    },
    /** The owner renders what it holds now; the editor hears of it later, and only of another value than before. */
    render: () => void renders.push(held),
    arrive() {
      const value = renders.shift();
      if (value === undefined || value === shown) return;
      shown = value;
      if (!echoes.isEcho(value)) model = value;
    },
    settle() {
      this.render();
      while (renders.length > 0) this.arrive();
      return { model, held };
    },
  };
}

const typing = fc.constantFrom("type", "render", "arrive");
const anything = fc.constantFrom("type", "type", "render", "arrive", "replace");

describe("echoes", () => {
  test("every character typed stays, however late and however rarely the owner answers", () => {
    fc.assert(
      fc.property(fc.array(typing, { maxLength: 60 }), (steps) => {
        const editor = edited();
        let typed = "";
        for (const [index, step] of steps.entries()) {
          if (step !== "type") editor[step as "render" | "arrive"]();
          else {
            const character = String.fromCharCode(97 + (index % 26));
            typed += character;
            editor.type(character);
          }
        }
        expect(editor.settle()).toEqual({ model: typed, held: typed });
      }),
    );
  });

  test("the editor ends with what its owner holds, whoever wrote it", () => {
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 60 }), (steps) => {
        const editor = edited();
        for (const [index, step] of steps.entries()) {
          if (step === "type") editor.type(".");
          else if (step === "replace") editor.replace(`<${index}>`);
          else editor[step]();
        }
        const { model, held } = editor.settle();
        expect(model).toBe(held);
      }),
    );
  });

  test("a text comes back once: the same text again is from elsewhere", () => {
    const echoes = createEchoes();
    echoes.told("a");
    echoes.told("ab");
    expect(echoes.isEcho("ab")).toBe(true);
    expect(echoes.isEcho("a")).toBe(false);
    echoes.told("abc");
    echoes.forget();
    expect(echoes.isEcho("abc")).toBe(false);
  });
});
