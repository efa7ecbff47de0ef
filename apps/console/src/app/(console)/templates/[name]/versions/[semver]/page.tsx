import type { Metadata } from "next";
import type { ReactNode } from "react";
import { VersionScreen } from "./version-screen.tsx";

type Props = { params: Promise<{ name: string; semver: string }> };

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { name, semver } = await params;
  return { title: `${decodeURIComponent(name)} ${decodeURIComponent(semver)}` };
}

/** Nothing is fetched here: what is proven in the browser is asked for by the browser. */
export default async function Page({ params }: Props): Promise<ReactNode> {
  const { name, semver } = await params;
  return <VersionScreen name={decodeURIComponent(name)} semver={decodeURIComponent(semver)} />;
}
