/**
 * The life of a tenant's signing key (Ed25519). Pure: keys and the time in, steps out.
 *
 *   (absent) -> announced    the next key, 5 days before the active one is 30 days old: verifiers know it before it signs
 *   (absent) -> active       the first key of a tenant; a key that replaces the active one at once (by hand, or distrusted)
 *   announced -> active      at its `notBefore`, the 30th day of the one before
 *   announced -> retired     when somebody rotates by hand, or it is distrusted: it never signed, its window is empty
 *   active -> retiring       when the next one becomes active; `notAfter` is that moment. Signs nothing new
 *   retiring -> retired      after {@link RETIRING_MS}; its private half is erased
 *
 * Old signatures keep verifying: a key's window never changes once it has ended. Distrust is beside the state: signatures from
 * `distrustedFrom` on are refused, those before stay good; it can reach further back, never be taken away.
 *
 * The log stamps whole seconds, so windows begin and end on whole seconds: `[notBefore, notAfter)`. The second in which one key follows
 * another belongs to both.
 */
export type SigningKeyState = "announced" | "active" | "retiring" | "retired";

export type SigningKey = {
  readonly id: string;
  readonly state: SigningKeyState;
  readonly notBefore: Date;
  readonly notAfter: Date | null;
  readonly distrustedFrom: Date | null;
};

/** What is to be done, in this order. `create`: a new key pair. */
export type KeyStep =
  | { readonly type: "retire"; readonly keyId: string; readonly notAfter: Date; readonly to: "retiring" | "retired" }
  | { readonly type: "create"; readonly state: "announced" | "active"; readonly notBefore: Date }
  | { readonly type: "activate"; readonly keyId: string }
  | { readonly type: "erase"; readonly keyId: string };

const DAY_MS = 24 * 60 * 60_000;
export const ROTATION_DAYS = 30;
const ROTATION_MS = ROTATION_DAYS * DAY_MS;
const ANNOUNCED_MS = 5 * DAY_MS;
/** Signing that began before a rotation has settled by then: it ends in seconds, or is done anew with the next key. */
const RETIRING_MS = 60 * 60_000;

/** What rotation owes at `now`; nothing most of the time. `keys`: those of one tenant that are not retired. */
export function dueSteps(keys: readonly SigningKey[], now: Date): KeyStep[] {
  const time = now.getTime();
  const active = keys.find((key) => key.state === "active");
  const next = keys.find((key) => key.state === "announced");
  const erased = keys
    .filter((key) => key.state === "retiring" && (key.notAfter?.getTime() ?? 0) + RETIRING_MS <= time)
    .map((key): KeyStep => ({ type: "erase", keyId: key.id }));
  if (!active) return erased;
  const rotatesAt = rotationOf(active);
  if (next) return next.notBefore <= now ? [...erased, ...replace(active, now), { type: "activate", keyId: next.id }] : erased;
  // A registry that slept over both days announces nothing any more: the next key signs at once.
  if (rotatesAt <= now) return [...erased, ...replace(active, now), { type: "create", state: "active", notBefore: floorSecond(now) }];
  if (rotatesAt.getTime() - ANNOUNCED_MS <= time) return [...erased, { type: "create", state: "announced", notBefore: rotatesAt }];
  return erased;
}

/** A new key now, whatever was planned. Also how a tenant gets its first. */
export function rotateSteps(keys: readonly SigningKey[], now: Date): KeyStep[] {
  const planned = keys.filter((key) => key.state === "announced");
  const active = keys.find((key) => key.state === "active");
  return [
    ...planned.map((key): KeyStep => ({ type: "retire", keyId: key.id, notAfter: key.notBefore, to: "retired" })),
    ...(active ? replace(active, now) : []),
    { type: "create", state: "active", notBefore: floorSecond(now) },
  ];
}

/** What distrusting a key demands beside the mark itself: it must not sign any more. */
export function distrustSteps(keys: readonly SigningKey[], keyId: string, now: Date): KeyStep[] {
  const key = keys.find(({ id }) => id === keyId);
  if (key?.state === "active") return rotateSteps(keys, now);
  if (key?.state === "announced") return [{ type: "retire", keyId, notAfter: key.notBefore, to: "retired" }];
  return [];
}

/** When the next key will sign; null while there is none that ages. */
export function nextRotation(keys: readonly SigningKey[]): Date | null {
  const active = keys.find((key) => key.state === "active");
  return keys.find((key) => key.state === "announced")?.notBefore ?? (active ? rotationOf(active) : null);
}

/** Whether a signature that the log saw at `at` is good by this key. */
export function covers(key: Pick<SigningKey, "notBefore" | "notAfter" | "distrustedFrom">, at: Date): boolean {
  return key.notBefore <= at && (key.notAfter === null || at < key.notAfter) && !isDistrusted(key, at);
}

/** The whole second in which distrust begins is distrusted, as it is by every verifier: the log knows no part of a second. */
export function isDistrusted({ distrustedFrom }: Pick<SigningKey, "distrustedFrom">, at: Date): boolean {
  return distrustedFrom !== null && at >= floorSecond(distrustedFrom);
}

function replace(active: SigningKey, now: Date): KeyStep[] {
  return [{ type: "retire", keyId: active.id, notAfter: nextSecond(now), to: "retiring" }];
}

function rotationOf(active: SigningKey): Date {
  return new Date(active.notBefore.getTime() + ROTATION_MS);
}

function floorSecond(time: Date): Date {
  return new Date(Math.floor(time.getTime() / 1000) * 1000);
}

function nextSecond(time: Date): Date {
  return new Date(Math.floor(time.getTime() / 1000) * 1000 + 1000);
}
