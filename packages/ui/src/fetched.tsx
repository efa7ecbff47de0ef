"use client";
import { type ComponentType, type ReactNode, useEffect, useState } from "react";

/**
 * A component whose code is fetched when it is first drawn, and nothing stands in its place meanwhile. `fetch` does it before: then
 * it is drawn at once. (`lazy` would still wait a frame or more, for React holds back what comes after a fallback.)
 */
export function fetched<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
): { readonly Fetched: (props: Props) => ReactNode; readonly fetch: () => Promise<unknown> } {
  let here: ComponentType<Props> | null = null;
  const fetch = async () => {
    here ??= await load();
    return here;
  };
  // biome-ignore lint/correctness/noComponentHookFactories: called once for each component, where its module begins
  function Fetched(props: Props): ReactNode {
    const [Component, setComponent] = useState(() => here);
    useEffect(() => {
      if (Component !== null) return;
      fetch().then(
        (component) => setComponent(() => component),
        // Thrown while drawing, it reaches the page's error boundary.
        (cause: unknown) =>
          setComponent(() => {
            throw cause;
          }),
      );
    }, [Component]);
    return Component === null ? null : <Component {...props} />;
  }
  return { Fetched, fetch };
}
