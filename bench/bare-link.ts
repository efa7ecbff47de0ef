/**
 * The peer of the facts' benchmark, a process of its own: a WebSocket server over TLS 1.3 that unpacks each frame and acknowledges the
 * numbers in it. It checks no shape, knows no host and writes nothing.
 */
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { Packr } from "msgpackr";
import { WebSocketServer } from "ws";
import { openHostAuthority } from "../apps/bff/src/domain/fleet/host-authority.ts";
import { systemClock } from "../apps/bff/src/platform/clock.ts";

async function serve(stateDir: string): Promise<void> {
  const packr = new Packr({ useRecords: false });
  const authority = await openHostAuthority({ stateDir, trustDomain: "bench.test", clock: systemClock });
  const { keyPem, certificatePem } = await authority.issueGatewayCertificate(["localhost"]);
  const server = createServer({ key: keyPem, cert: certificatePem, minVersion: "TLSv1.3" });
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  sockets.on("connection", (socket) => {
    socket.on("message", (data: Buffer) => {
      const frame = packr.unpack(data) as { epoch: string; batches: { seq: number }[] };
      socket.send(packr.pack({ t: "metrics-ack", epoch: frame.epoch, seqs: frame.batches.map(({ seq }) => seq) }));
    });
  });
  server.listen(0, "127.0.0.1", () =>
    console.log(JSON.stringify({ port: (server.address() as AddressInfo).port, caPem: authority.caPem })),
  );
}

if (import.meta.main) await serve(process.argv[2] ?? "");
