import type { ComponentPropsWithoutRef, ReactNode } from "react";

/**
 * The parts of a grid (ARIA APG, "grid"), not of a table: the browser lays a table out as a whole, which takes seconds for thousands of
 * lines, and each of these by itself. The focus goes to rows, so their cells need none.
 */
export function GridRow(props: ComponentPropsWithoutRef<"div">): ReactNode {
  // biome-ignore lint/a11y/useSemanticElements: as said above
  // biome-ignore lint/a11y/useFocusableInteractive: those that can be walked to say so
  return <div role="row" {...props} />;
}

export function GridCell(props: ComponentPropsWithoutRef<"div">): ReactNode {
  // biome-ignore lint/a11y/useSemanticElements: as said above
  // biome-ignore lint/a11y/useFocusableInteractive: the row takes the focus for its cells
  return <div role="gridcell" {...props} />;
}
