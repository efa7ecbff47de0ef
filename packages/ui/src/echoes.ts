/**
 * Tells a text that comes back from a text that comes from elsewhere. An editor tells its owner what is typed, and the owner says
 * it back as its value, a moment later: by then more may have been typed, and the old text must not be put over the new one. A text
 * that was not typed here (a restored revision, somebody else's, a changed line) must.
 *
 *   told(text)     the owner has been told; it will say this text back, or a later one (an owner that is told twice may answer once)
 *   isEcho(value)  true for a text that was told and has not come back yet. False: it is from elsewhere, and what was told before it
 *                  is no longer awaited, so that the editor ends with what its owner holds
 *
 * Texts are compared, not marked: a text from elsewhere that equals one typed milliseconds ago is taken for its echo.
 */
export type Echoes = {
  told(text: string): void;
  isEcho(value: string): boolean;
  /** Another document: nothing is awaited. */
  forget(): void;
};

export function createEchoes(): Echoes {
  let awaited: string[] = [];
  return {
    told(text) {
      awaited.push(text);
    },
    isEcho(value) {
      const at = awaited.lastIndexOf(value);
      awaited = at === -1 ? [] : awaited.slice(at + 1);
      return at !== -1;
    },
    forget() {
      awaited = [];
    },
  };
}
