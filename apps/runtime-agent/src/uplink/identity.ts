/**
 * Who this host is: its key, its certificate, and the authority it trusts, in one file that only its owner may read. One file, so
 * that key and certificate change together or not at all.
 */
import "reflect-metadata";
import { createHash, createPublicKey, webcrypto, X509Certificate } from "node:crypto";
import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";
import { z } from "zod";

const FILE = "host-identity.json";

const identity = z.object({
  hostId: z.string(),
  hostName: z.string(),
  trustDomain: z.string(),
  keyPem: z.string(),
  certificatePem: z.string(),
  caPem: z.string(),
});
export type Identity = z.infer<typeof identity>;

/** Null when this host was never enrolled. @throws when the file is there and unreadable: nothing is guessed, nothing overwritten. */
export function findIdentity(stateDir: string): Identity | null {
  let text: string;
  try {
    text = readFileSync(join(stateDir, FILE), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  return identity.parse(JSON.parse(text));
}

export function saveIdentity(stateDir: string, value: Identity): void {
  mkdirSync(stateDir, { recursive: true });
  const path = join(stateDir, FILE);
  const file = openSync(`${path}.new`, "w", 0o600);
  try {
    writeSync(file, JSON.stringify(value, null, 2));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  chmodSync(`${path}.new`, 0o600);
  renameSync(`${path}.new`, path);
}

export function certificateWindow(certificatePem: string): { notBefore: Date; notAfter: Date } {
  const certificate = new X509Certificate(certificatePem);
  return { notBefore: certificate.validFromDate, notAfter: certificate.validToDate };
}

/** When to ask for the next certificate: two thirds of its life. */
export function renewalDue(certificatePem: string): Date {
  const { notBefore, notAfter } = certificateWindow(certificatePem);
  return new Date(notBefore.getTime() + ((notAfter.getTime() - notBefore.getTime()) * 2) / 3);
}

/** sha256 of a certificate's DER, lower-case hex: what a join token carries. */
export function fingerprintOf(der: Buffer): string {
  return createHash("sha256").update(der).digest("hex");
}

/** A new P-256 key and a request for it. The gateway decides name and life; the key never leaves this host. */
export async function createKeyAndRequest(): Promise<{ keyPem: string; csrPem: string }> {
  x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({ name: "CN=agent-factory host", keys, signingAlgorithm: algorithm });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
  const keyPem = `-----BEGIN PRIVATE KEY-----\n${pkcs8.replace(/.{64}/g, "$&\n").trimEnd()}\n-----END PRIVATE KEY-----\n`;
  return { keyPem, csrPem: request.toString("pem") };
}

/** @throws when the certificate is not for the key or not from the authority. */
export function checkCertificate(value: { keyPem: string; certificatePem: string; caPem: string }): void {
  const certificate = new X509Certificate(value.certificatePem);
  const key = createPublicKey(value.keyPem);
  if (!certificate.publicKey.equals(key)) throw new Error("The gateway sent a certificate for another key.");
  if (!certificate.verify(new X509Certificate(value.caPem).publicKey))
    throw new Error("The gateway sent a certificate of another authority.");
}
