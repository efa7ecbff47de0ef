"use client";
import type { ReactNode } from "react";
import { RunStateBadge } from "../../../features/runs/run-state.tsx";
import { TemplateList } from "../../../features/templates/template-list.tsx";

/** The list of templates with their last run's state: two features meet here. */
export function TemplatesScreen(): ReactNode {
  return <TemplateList RunState={RunStateBadge} />;
}
