import { connection } from "next/server";
import { env } from "../../../env.ts";

/** Live when this answers; ready when the BFF is ready too. */
export async function GET(): Promise<Response> {
  await connection();
  const bff = await fetch(new URL("/readyz", env().BFF_URL), { signal: AbortSignal.timeout(2_000), cache: "no-store" }).then(
    (answer) => (answer.ok ? "ok" : "failing"),
    () => "failing",
  );
  return Response.json(
    { status: bff === "ok" ? "ok" : "degraded", parts: { console: "ok", bff } },
    { headers: { "cache-control": "no-store" } },
  );
}
