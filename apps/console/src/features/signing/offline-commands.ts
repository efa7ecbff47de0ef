/** The commands that check the files of a proof (see `take-away.ts`), without the registry. Pure. */

/** Every check of the gate, in a checkout of this project, with any Node that it takes. */
export function wholeCommand(name: string, semver: string): string {
  const base = `${name}-${semver}`;
  return `npm run -s verify-bundle -- ${base}.bundle.json ${base}.yaml ${base}.trust.json`;
}

/** Digest and signature with nothing of ours. The signature is over DSSE's pre-authentication encoding of the payload. */
export function toolCommands(name: string, semver: string): string {
  const base = `${name}-${semver}`;
  return [
    `sha256sum ${base}.canonical.json`,
    `jq -j .dsseEnvelope.payload ${base}.bundle.json | base64 -d > payload`,
    `jq -j '.dsseEnvelope.signatures[0].sig' ${base}.bundle.json | base64 -d > signature`,
    `jq -j --arg hint "$(jq -j .verificationMaterial.publicKey.hint ${base}.bundle.json)" \\`,
    `  '.trust.keys[] | select(.hint == $hint) | .spki' ${base}.trust.json | base64 -d > key.der`,
    `{ printf 'DSSEv1 28 application/vnd.in-toto+json %d ' "$(wc -c < payload)"; cat payload; } > signed`,
    "openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey key.der -in signed -sigfile signature",
    "jq .subject payload",
  ].join("\n");
}
