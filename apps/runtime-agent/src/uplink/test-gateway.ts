/** A gateway for tests: real TLS with a CA of its own, the real frames; it does what the test says and records what it hears. */
import "reflect-metadata";
import { generateKeyPairSync, type KeyObject, randomBytes, randomUUID, sign, webcrypto, X509Certificate } from "node:crypto";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { sealTrust, type Trust } from "@agent-factory/gate/trust";
import {
  decodeHostFrame,
  encodeFrame,
  enrolRequest,
  formatJoinToken,
  type GatewayFrame,
  type HostFrame,
  linkPath,
  PROTOCOL_VERSION_MAX,
  trustRootPath,
} from "@agent-factory/protocol";
import * as x509 from "@peculiar/x509";
import { type WebSocket, WebSocketServer } from "ws";
import { digestOf } from "./gateway-requests.ts";
import { fingerprintOf, type Identity } from "./identity.ts";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

async function createAuthority() {
  x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: "CN=test host CA",
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
    extensions: [new x509.BasicConstraintsExtension(true, 1, true)],
  });
  const issue = async (
    publicKey: x509.PublicKeyType,
    lifeMs: number,
    extensions: x509.Extension[],
    notBefore = new Date(Date.now() - 1000),
  ): Promise<string> => {
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: randomBytes(8).toString("hex"),
      issuer: ca.subject,
      subject: "CN=test",
      publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: algorithm,
      notBefore,
      notAfter: new Date(notBefore.getTime() + lifeMs),
      extensions,
    });
    return certificate.toString("pem");
  };
  return { caPem: ca.toString("pem"), fingerprint: fingerprintOf(new X509Certificate(ca.toString("pem")).raw), issue };
}

export type TestGateway = {
  readonly url: string;
  readonly token: string;
  readonly fingerprint: string;
  readonly caPem: string;
  readonly hostId: string;
  /** Frames of all connections in order, each with the number of its connection from 1. */
  readonly heard: { connection: number; frame: HostFrame }[];
  /** Paths asked for over HTTPS. */
  readonly requests: string[];
  readonly blobs: Map<string, Buffer>;
  /** The root that hosts pin and that signs {@link trust}. */
  readonly root: { spki: string; privateKey: KeyObject };
  /** Whom hosts are told to believe, whatever the tenant; signed anew, with the next version, at each request. */
  trust: Trust;
  readonly outputs: Map<string, Buffer>;
  /** What the gateway answers to an enrolment; null: it enrols. */
  refuseEnrolment: { status: number; code: string; message: string } | null;
  /** Whether hello is answered with welcome. */
  greet: boolean;
  certificateLifeMs: number;
  heartbeatMs: number;
  issueIdentity(csrPem: string, keyPem: string): Promise<Identity>;
  send(frame: GatewayFrame): void;
  /** Closes the present connection with a code, or cuts it when there is none. */
  drop(code?: number, reason?: string): void;
  /** Resolves with the first frame that fits, also one heard before. */
  hears<T extends HostFrame["t"]>(t: T, fits?: (frame: HostFrame & { t: T }, connection: number) => boolean): Promise<HostFrame & { t: T }>;
  /** Stops listening and cuts what is open; `listen` opens the same port again. */
  stop(): Promise<void>;
  listen(): Promise<void>;
};

export async function startTestGateway(): Promise<TestGateway & AsyncDisposable> {
  const authority = await createAuthority();
  const serverKeys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const serverPem = await authority.issue(serverKeys.publicKey, 3_600_000, [
    new x509.SubjectAlternativeNameExtension([
      { type: "dns", value: "localhost" },
      { type: "ip", value: "127.0.0.1" },
    ]),
  ]);
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", serverKeys.privateKey)).toString("base64");
  const hostId = randomUUID();
  const waiting = new Set<() => void>();
  let sockets: WebSocket[] = [];
  const rootKeys = generateKeyPairSync("ed25519");
  const root = {
    spki: rootKeys.publicKey.export({ format: "der", type: "spki" }).toString("base64"),
    privateKey: rootKeys.privateKey,
  };
  let trustVersion = 0;
  let connections = 0;
  let port = 0;
  let server: Server;

  const issueHost = (csrPem: string): Promise<string> =>
    authority.issue(new x509.Pkcs10CertificateRequest(csrPem).publicKey, gateway.certificateLifeMs, []);

  function open(): Promise<void> {
    server = createServer(
      {
        key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----`,
        cert: `${serverPem}\n${authority.caPem}`,
        ca: authority.caPem,
        requestCert: true,
        rejectUnauthorized: false,
        minVersion: "TLSv1.3",
      },
      async (request, response) => {
        const path = request.url ?? "";
        gateway.requests.push(`${request.method} ${path.split("?")[0]}`);
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        const body = Buffer.concat(chunks);
        const reply = (status: number, value: object): void => {
          response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
        };
        if (path === "/enrol") {
          const asked = enrolRequest.parse(JSON.parse(body.toString("utf8")));
          const { refuseEnrolment } = gateway;
          if (refuseEnrolment) return reply(refuseEnrolment.status, { code: refuseEnrolment.code, message: refuseEnrolment.message });
          const certificatePem = await issueHost(asked.csrPem);
          return reply(200, {
            hostId,
            hostName: "test-host",
            certificatePem,
            caPem: authority.caPem,
            trustDomain: "test.local",
            clock: Date.now(),
          });
        }
        if (!(request.socket as TLSSocket).authorized) return reply(401, { code: "fleet.no-certificate", message: "no certificate" });
        if (path === trustRootPath) return reply(200, { spki: root.spki });
        if (path.startsWith("/trust?")) {
          trustVersion += 1;
          const [issuedAt, expiresAt] = [new Date().toISOString(), new Date(Date.now() + 3_600_000).toISOString()];
          const document = { version: trustVersion, issuedAt, expiresAt, trust: gateway.trust };
          return reply(200, await sealTrust(document, (bytes) => sign(null, bytes, root.privateKey)));
        }
        const blob = /^\/runs\/[^/]+\/blobs\/(sha256:[0-9a-f]+)/.exec(path)?.[1];
        if (request.method === "GET" && blob) {
          const bytes = gateway.blobs.get(blob);
          if (!bytes) return reply(404, { code: "blob.missing", message: `${blob} is not here` });
          return void response.writeHead(200).end(bytes);
        }
        const output = /^\/runs\/([^/]+)\/output/.exec(path)?.[1];
        if (request.method === "PUT" && output) {
          gateway.outputs.set(output, body);
          return reply(200, { digest: digestOf(body), sizeBytes: body.length });
        }
        return reply(404, { code: "path.missing", message: path });
      },
    );
    const upgrades = new WebSocketServer({ server, path: linkPath });
    upgrades.on("connection", (socket, request) => {
      if (!(request.socket as TLSSocket).authorized) return socket.close(4401, "no certificate");
      connections += 1;
      const connection = connections;
      sockets.push(socket);
      socket.on("close", () => {
        sockets = sockets.filter((other) => other !== socket);
      });
      socket.on("message", (data: Buffer) => {
        const frame = decodeHostFrame(data);
        gateway.heard.push({ connection, frame });
        if (frame.t === "hello" && gateway.greet)
          socket.send(
            encodeFrame({
              t: "welcome",
              protocol: PROTOCOL_VERSION_MAX,
              hostId,
              clock: Date.now(),
              heartbeatMs: gateway.heartbeatMs,
              leaseMs: 10_000,
            }),
          );
        if (frame.t === "renew")
          void issueHost(frame.csrPem).then((certificatePem) =>
            socket.send(encodeFrame({ t: "renewed", certificatePem, caPem: authority.caPem })),
          );
        for (const look of [...waiting]) look();
      });
    });
    return new Promise((resolve) =>
      server.listen(port, "127.0.0.1", () => {
        port = (server.address() as AddressInfo).port;
        resolve();
      }),
    );
  }

  const gateway: Omit<TestGateway, "url" | "token"> = {
    fingerprint: authority.fingerprint,
    caPem: authority.caPem,
    hostId,
    heard: [],
    requests: [],
    blobs: new Map(),
    root,
    trust: { keys: [], logs: [], revoked: [] },
    outputs: new Map(),
    refuseEnrolment: null,
    greet: true,
    certificateLifeMs: 3_600_000,
    heartbeatMs: 200,
    issueIdentity: async (csrPem, keyPem) => ({
      hostId,
      hostName: "test-host",
      trustDomain: "test.local",
      keyPem,
      certificatePem: await issueHost(csrPem),
      caPem: authority.caPem,
    }),
    send: (frame) => sockets.at(-1)?.send(encodeFrame(frame)),
    drop: (code, reason) => (code === undefined ? sockets.at(-1)?.terminate() : sockets.at(-1)?.close(code, reason)),
    hears: (t, fits = () => true) =>
      new Promise((resolve) => {
        const look = (): void => {
          for (const { frame, connection } of gateway.heard) {
            if (frame.t !== t || !fits(frame as never, connection)) continue;
            waiting.delete(look);
            resolve(frame as never);
            return;
          }
        };
        waiting.add(look);
        look();
      }),
    stop: async () => {
      for (const socket of sockets) socket.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
    listen: open,
  };
  await open();
  const token = formatJoinToken({
    tokenId: randomUUID(),
    secret: randomBytes(32).toString("base64url"),
    caFingerprint: authority.fingerprint,
  });
  return Object.assign(gateway, { url: `https://localhost:${port}`, token, [Symbol.asyncDispose]: () => gateway.stop() });
}
