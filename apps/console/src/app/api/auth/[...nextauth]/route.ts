import type { NextRequest } from "next/server";
import NextAuth from "next-auth";
import { authOptions } from "../../../../session/auth.ts";

type Params = { params: Promise<{ nextauth: string[] }> };

async function handle(request: NextRequest, context: Params): Promise<Response> {
  return NextAuth(request, context, authOptions()) as Promise<Response>;
}

export { handle as GET, handle as POST };
