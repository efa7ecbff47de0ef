/** HTTP/1.1 as fast as few connections carry it: requests written by hand, answers counted by their length. For 127.0.0.1 alone. */
import { connect, type Socket } from "node:net";

export type Load = { readonly perSecond: number; readonly latenciesMs: readonly number[] };

export type Target = { readonly origin: string; readonly path: (n: number) => string; readonly headers?: Readonly<Record<string, string>> };

const END_OF_HEAD = "\r\n\r\n";

/** Each connection asks again as soon as it was answered, `requests` in all. Throws at the first answer that is not 200. */
export async function load({ origin, path, headers = {} }: Target, options: { connections: number; requests: number }): Promise<Load> {
  const { hostname, port, host } = new URL(origin);
  const head = Object.entries({ host, ...headers })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("");
  const latenciesMs: number[] = [];
  let next = 0;
  const work = async () => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    try {
      for (let n = next++; n < options.requests; n = next++) {
        const asked = performance.now();
        await exchange(socket, `GET ${path(n)} HTTP/1.1\r\n${head}\r\n`);
        latenciesMs.push(performance.now() - asked);
      }
    } finally {
      socket.destroy();
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: options.connections }, work));
  return { perSecond: options.requests / ((performance.now() - began) / 1_000), latenciesMs };
}

/** How the last chunk of a body without a length ends. JSON holds no line break of its own, so nothing else ends like it. */
const LAST_CHUNK = "0\r\n\r\n";

/** One request and its whole answer, of a length that the server said or in chunks. */
function exchange(socket: Socket, request: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let seen: Buffer = Buffer.alloc(0);
    /** Bytes still to come; null: chunks, until the last. */
    let missing: number | null | undefined;
    const done = (error?: Error) => {
      socket.off("data", onData).off("error", done).off("close", onClose);
      if (error) reject(error);
      else resolve();
    };
    const onClose = () => done(new Error("the server hung up"));
    const onData = (chunk: Buffer) => {
      if (missing === undefined) {
        seen = Buffer.concat([seen, chunk]);
        const end = seen.indexOf(END_OF_HEAD);
        if (end < 0) return;
        const head = seen.toString("latin1", 0, end).toLowerCase();
        const length = /\r\ncontent-length: (\d+)/.exec(head)?.[1];
        if (!head.startsWith("http/1.1 200") || (length === undefined && !head.includes("\r\ntransfer-encoding: chunked")))
          return done(new Error(`answered: ${seen.toString("utf8").slice(0, 2_000)}`));
        missing = length === undefined ? null : Number(length) - (seen.length - end - END_OF_HEAD.length);
      } else if (missing !== null) missing -= chunk.length;
      else seen = Buffer.concat([seen.subarray(-LAST_CHUNK.length), chunk.subarray(-LAST_CHUNK.length)]);
      if (missing === null ? seen.toString("latin1").endsWith(LAST_CHUNK) : missing <= 0) done();
    };
    socket.on("data", onData).once("error", done).once("close", onClose);
    socket.write(request);
  });
}
