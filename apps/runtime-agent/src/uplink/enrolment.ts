/**
 * How a machine becomes a host: it authenticates the gateway by the fingerprint inside the join token, then gives token and
 * certificate request and gets a certificate. The token is sent only after the gateway has proven to hold the authority's trust.
 */
import { X509Certificate } from "node:crypto";
import { request } from "node:https";
import { connect, type DetailedPeerCertificate } from "node:tls";
import { enrolPath, enrolReply, parseJoinToken, refusal } from "@agent-factory/protocol";
import { checkCertificate, createKeyAndRequest, fingerprintOf, type Identity } from "./identity.ts";

const TIMEOUT_MS = 10_000;
const REPLY_BYTES_MAX = 256 * 1024;

/** The gateway, or the check of the gateway, said no: trying again with the same token is of no use. */
export class EnrolmentRefused extends Error {
  override readonly name = "EnrolmentRefused";
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** @throws EnrolmentRefused with a sentence for the operator; any other error means the gateway could not be reached. */
export async function enrol(options: { gatewayUrl: string; token: string; now?: () => number }): Promise<Identity> {
  const parts = parseJoinToken(options.token);
  if (parts === null)
    throw new EnrolmentRefused(
      "fleet.join-token-malformed",
      "JOIN_TOKEN is not a join token (afj1.…). Copy the whole line that the console shows.",
    );
  const url = new URL(options.gatewayUrl);
  const caPem = await authorityOf(url, parts.caFingerprint);
  const { keyPem, csrPem } = await createKeyAndRequest();
  const answer = await post(
    new URL(enrolPath, url),
    caPem,
    JSON.stringify({ token: options.token.trim(), csrPem, clock: (options.now ?? Date.now)() }),
  );
  if (answer.status < 200 || answer.status > 299) throw explainRefusal(answer);
  const reply = enrolReply.parse(JSON.parse(answer.text));
  // The authority is the one the operator's token named, not the one the reply names.
  const identity = {
    hostId: reply.hostId,
    hostName: reply.hostName,
    trustDomain: reply.trustDomain,
    keyPem,
    certificatePem: reply.certificatePem,
    caPem,
  };
  checkCertificate(identity);
  return identity;
}

function explainRefusal(answer: { status: number; text: string }): Error {
  let told: { code: string; message: string } | null = null;
  try {
    told = refusal.parse(JSON.parse(answer.text));
  } catch {
    // Not from our gateway: a proxy, or another program on that port.
  }
  if (told === null || answer.status >= 500)
    return new Error(`The gateway answered ${answer.status}: ${told?.message ?? answer.text.slice(0, 200)}`);
  return new EnrolmentRefused(told.code, told.message);
}

/** The authority is the right one, so a certificate out of its time is a matter of this machine's clock. */
function isAboutTime(error: NodeJS.ErrnoException): boolean {
  return error.code === "CERT_NOT_YET_VALID" || error.code === "CERT_HAS_EXPIRED";
}

function wrongClock(error: Error): EnrolmentRefused {
  return new EnrolmentRefused(
    "fleet.clock-skew",
    `This machine's clock says ${new Date().toISOString()}, and for that time the gateway's certificate is not valid (${error.message}). Correct the clock (NTP).`,
  );
}

/** Connects without trust, looks at the chain, and returns the authority whose fingerprint the token names. */
function authorityOf(url: URL, fingerprint: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: url.hostname,
      port: Number(url.port || 443),
      servername: url.hostname,
      minVersion: "TLSv1.3",
      rejectUnauthorized: false,
      timeout: TIMEOUT_MS,
    });
    const settle = (work: () => void): void => {
      socket.destroy();
      work();
    };
    socket.once("timeout", () => settle(() => reject(new Error(`The gateway at ${url.origin} did not answer.`))));
    socket.once("error", (error) => settle(() => reject(error)));
    socket.once("secureConnect", () => {
      const chain: Buffer[] = [];
      for (
        let certificate: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
        certificate?.raw && chain.length < 10;
      ) {
        chain.push(certificate.raw);
        const issuer: DetailedPeerCertificate = certificate.issuerCertificate;
        certificate = issuer === certificate ? undefined : issuer;
      }
      const authority = chain.find((der) => fingerprintOf(der) === fingerprint);
      settle(() =>
        authority
          ? resolve(new X509Certificate(authority).toString())
          : reject(
              new EnrolmentRefused(
                "fleet.gateway-not-trusted",
                `The gateway at ${url.origin} is not the one this join token was made for: no certificate in its chain has the fingerprint ${fingerprint.slice(0, 16)}…. Nothing was sent to it.`,
              ),
            ),
      );
    });
  });
}

function post(url: URL, caPem: string, body: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const call = request(
      url,
      {
        method: "POST",
        ca: caPem,
        minVersion: "TLSv1.3",
        agent: false,
        timeout: TIMEOUT_MS,
        headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          text += chunk;
          if (text.length > REPLY_BYTES_MAX) call.destroy(new Error("The gateway's reply is too large."));
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
        response.on("error", reject);
      },
    );
    call.on("timeout", () => call.destroy(new Error(`The gateway at ${url.origin} did not answer.`)));
    call.on("error", (error: NodeJS.ErrnoException) => reject(isAboutTime(error) ? wrongClock(error) : error));
    call.end(body);
  });
}
