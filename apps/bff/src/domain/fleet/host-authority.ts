/**
 * The host CA: it vouches for hosts to the gateway, and for the gateway to hosts; nobody else trusts it.
 *
 * The key is ECDSA P-256, made once in the state directory (mode 0600) and never leaves it. Hosts get certificates for 24 h
 * that carry a SPIFFE ID (https://github.com/spiffe/spiffe/blob/main/standards/X509-SVID.md: exactly one URI SAN), so a stolen
 * one is short-lived; revocation is a row in `hosts`, not a list.
 */
import "reflect-metadata";
import { createHash, randomBytes, X509Certificate } from "node:crypto";
import { link, mkdir, readFile, unlink, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import path from "node:path";
import * as x509 from "@peculiar/x509";
import type { Clock } from "../../platform/clock.ts";
import { Failure } from "../failure.ts";

export const HOST_CERTIFICATE_MS = 24 * 60 * 60_000;
const GATEWAY_CERTIFICATE_MS = 30 * 24 * 60 * 60_000;
const CA_YEARS = 10;
/** Certificates start a little in the past: a host whose clock is slow within the tolerated skew must be able to use its own. */
const BACKDATE_MS = 6 * 60_000;

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

export type HostCertificate = { readonly certificatePem: string; readonly fingerprint: string; readonly notAfter: Date };

export type HostAuthority = {
  readonly trustDomain: string;
  readonly caPem: string;
  /** sha256 of the CA certificate (DER), hex: what a join token carries. */
  readonly caFingerprint: string;
  /**
   * A certificate for the key in the request. Only the public key is taken from it: name, extensions and lifetime are ours.
   * @throws Failure `fleet.csr-invalid` when it is no PKCS#10, its signature is broken, or the key is not P-256.
   */
  issueHostCertificate(hostId: string, csrPem: string): Promise<HostCertificate>;
  /** The gateway's own key and certificate (with the CA behind it), for these DNS names and addresses. Replace it at `renewAt`. */
  issueGatewayCertificate(names: readonly string[]): Promise<{ keyPem: string; certificatePem: string; renewAt: Date }>;
  /** Which host a certificate of ours names; null when it is not ours, out of its time, or names no host of this trust domain. */
  identify(certificate: X509Certificate): string | null;
};

const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";

/** Opens the CA in `stateDir`, making it at the first start. Several processes may start at once: one of them wins. */
export async function openHostAuthority({
  stateDir,
  trustDomain,
  clock,
}: {
  stateDir: string;
  trustDomain: string;
  clock: Clock;
}): Promise<HostAuthority> {
  const { keys, certificate } = await loadOrCreate(path.join(stateDir, "host-ca.pem"), trustDomain, clock);
  const caPem = certificate.toString("pem");
  const ca = new X509Certificate(caPem);
  const spiffe = new RegExp(`^URI:spiffe://${trustDomain.replaceAll(".", "\\.")}/host/(${UUID})$`);

  const issue = async (subject: string, publicKey: x509.PublicKey, lifeMs: number, extensions: x509.Extension[]) => {
    const now = clock.now().getTime();
    return x509.X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject,
      issuer: certificate.subject,
      notBefore: new Date(now - BACKDATE_MS),
      notAfter: new Date(now + lifeMs),
      signingKey: keys.privateKey,
      publicKey,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
        ...extensions,
      ],
    });
  };

  return {
    trustDomain,
    caPem,
    caFingerprint: createHash("sha256").update(ca.raw).digest("hex"),
    issueHostCertificate: async (hostId, csrPem) => {
      const publicKey = await publicKeyOf(csrPem);
      const issued = await issue(`CN=${hostId}`, publicKey, HOST_CERTIFICATE_MS, [
        new x509.SubjectAlternativeNameExtension([{ type: "url", value: `spiffe://${trustDomain}/host/${hostId}` }]),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
      ]);
      return { certificatePem: issued.toString("pem"), fingerprint: fingerprintOf(issued.rawData), notAfter: issued.notAfter };
    },
    issueGatewayCertificate: async (names) => {
      const pair = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
      const issued = await issue("CN=Agent Factory gateway", new x509.PublicKey(await spkiOf(pair.publicKey)), GATEWAY_CERTIFICATE_MS, [
        new x509.SubjectAlternativeNameExtension(
          names.map((name) => ({ type: isIP(name) ? ("ip" as const) : ("dns" as const), value: name })),
        ),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      ]);
      return {
        keyPem: await keyPemOf(pair.privateKey),
        certificatePem: `${issued.toString("pem")}\n${caPem}`,
        renewAt: new Date(clock.now().getTime() + (GATEWAY_CERTIFICATE_MS * 2) / 3),
      };
    },
    identify: (presented) => {
      const now = clock.now();
      if (!presented.checkIssued(ca) || !presented.verify(ca.publicKey)) return null;
      if (now < presented.validFromDate || now > presented.validToDate) return null;
      // Exactly one SAN: a certificate that names anything besides the host is none of ours.
      return spiffe.exec(presented.subjectAltName ?? "")?.[1] ?? null;
    },
  };
}

export function fingerprintOf(der: ArrayBuffer | Buffer): string {
  return createHash("sha256").update(new Uint8Array(der)).digest("hex");
}

async function publicKeyOf(csrPem: string): Promise<x509.PublicKey> {
  const invalid = (why: string) => new Failure("invalid", "fleet.csr-invalid", `The certificate request is refused: ${why}`);
  let request: x509.Pkcs10CertificateRequest;
  try {
    request = new x509.Pkcs10CertificateRequest(csrPem);
  } catch {
    throw invalid("it is not PKCS#10 in PEM");
  }
  const { name, namedCurve } = request.publicKey.algorithm as { name: string; namedCurve?: string };
  if (name !== "ECDSA" || namedCurve !== "P-256") throw invalid("its key must be ECDSA P-256");
  // The signature proves that whoever asks holds the key; any throw of the verifier is a no.
  if (!(await request.verify().catch(() => false))) throw invalid("its signature does not match its key");
  return request.publicKey;
}

/** Derived, so that it is the same type with and without the DOM's declarations (the console's compiler reads this file too). */
type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;
type Authority = { keys: { privateKey: Key; publicKey: Key }; certificate: x509.X509Certificate };

/** Key and certificate live in one file, written beside its name and linked to it: it is absent or whole, and the first wins. */
async function loadOrCreate(file: string, trustDomain: string, clock: Clock): Promise<Authority> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const known = await readFile(file, "utf8").catch(absent);
  if (known !== null) return load(known, file);
  const temporary = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
  await writeFile(temporary, await createPem(trustDomain, clock), { mode: 0o600, flush: true });
  try {
    await link(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await unlink(temporary);
  }
  return load(await readFile(file, "utf8"), file);
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}

async function load(pem: string, file: string): Promise<Authority> {
  const certificatePem = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/.exec(pem)?.[0];
  const keyPem = /-----BEGIN PRIVATE KEY-----[\s\S]+?-----END PRIVATE KEY-----/.exec(pem)?.[0];
  // Fail-closed: a new CA would silently lock every enrolled host out.
  if (!certificatePem || !keyPem) throw new Error(`${file} is damaged: restore it, or remove it and enrol every host again`);
  const certificate = new x509.X509Certificate(certificatePem);
  const pkcs8 = Buffer.from(keyPem.replace(/-----[^-]+-----|\s/g, ""), "base64");
  const privateKey = await crypto.subtle.importKey("pkcs8", pkcs8, algorithm, false, ["sign"]);
  const publicKey = await crypto.subtle.importKey("spki", certificate.publicKey.rawData, algorithm, true, ["verify"]);
  return { keys: { privateKey, publicKey }, certificate };
}

async function createPem(trustDomain: string, clock: Clock): Promise<string> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const notBefore = new Date(clock.now().getTime() - BACKDATE_MS);
  const notAfter = new Date(notBefore);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + CA_YEARS);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: `CN=Agent Factory host CA (${trustDomain})`,
    keys,
    signingAlgorithm: algorithm,
    notBefore,
    notAfter,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return `${await keyPemOf(keys.privateKey)}\n${certificate.toString("pem")}\n`;
}

/** 127 random bits: positive, and never the same twice. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x01;
  return bytes.toString("hex");
}

async function spkiOf(key: Key): Promise<ArrayBuffer> {
  return crypto.subtle.exportKey("spki", key);
}

async function keyPemOf(key: Key): Promise<string> {
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey("pkcs8", key)).toString("base64");
  return `-----BEGIN PRIVATE KEY-----\n${(pkcs8.match(/.{1,64}/g) ?? []).join("\n")}\n-----END PRIVATE KEY-----\n`;
}
