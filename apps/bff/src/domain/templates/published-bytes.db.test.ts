/**
 * Whatever people do, in whatever order and at once: no byte is published that was not approved, by enough people who may, none of whom
 * contributed to it. Random acts of several people on one template, against the real database; an oracle of its own keeps who wrote,
 * who brought code, and who approved which text beside which base under which policy, and judges each version when it appears.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type SystemActor, systemActor, type UserActor } from "../actor.ts";
import { Failure } from "../failure.ts";
import { openReviewing, type Reviewing } from "../reviews/test-review.ts";
import { packArchive } from "./archive.ts";

const CODE_B = packArchive([{ path: "index.mjs", bytes: Buffer.from("export default () => null;\n") }]);
const ROLES = [["editor"], ["editor", "reviewer"], ["reviewer"], ["admin"], ["manager"]] as const;

type Person = UserActor & { readonly subject: string };
type Seen = { readonly text: string; readonly baseDigest: string | null; readonly policy: number };
type Approval = Seen & { readonly number: number; readonly userId: string };
type Look = Seen & { readonly digest: string; readonly policyRevision: string };
type Version = {
  readonly semver: string;
  readonly source: string;
  readonly parentSource: string | null;
  readonly parentDigest: string | null;
  readonly number: number;
  readonly draftId: string;
};

type World = {
  readonly t: Reviewing;
  readonly name: string;
  readonly people: readonly Person[];
  readonly texts: readonly string[];
  readonly drafts: string[];
  readonly reviews: { readonly number: number; readonly reviewId: string }[];
  readonly looks: Map<number, Look>;
  readonly writers: Map<string, Set<string>>;
  readonly uploaders: Map<string, Set<string>>;
  readonly approvals: Approval[];
  readonly rejected: Set<number>;
  readonly judged: Set<string>;
};

/** The policies are the whole registry's: they outlive a world. */
const policy = { number: 0, required: 1 };

/** Mostly what came last: earlier drafts and reviews are often over. */
const late = <T>(items: readonly T[], index: number): T | undefined => items.at(index % 3 === 0 ? index % items.length : -1);
const at = <T>(items: readonly T[], index: number): T | undefined => (items.length === 0 ? undefined : items[index % items.length]);

/** A refusal is an answer; anything else that is thrown is a bug. */
async function tried<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}

async function openWorld(t: Reviewing, people: readonly Person[], codeB: string): Promise<World> {
  const name = `echo-${Math.random().toString(36).slice(2, 10)}`;
  const text = (changes: Record<string, string>) => t.source({ "name: echo": `name: ${name}`, ...changes });
  const texts = [
    text({}),
    text({ "30s": "31s" }),
    `# the same in other words\n${text({ "30s": "31s" })}`,
    text({ "30s": "32s", "  limits:": "  sandbox: { network: { egress: [api.example.com] } }\n  limits:" }),
    text({ [t.code]: codeB }),
    text({ "Says it again.": "Says it." }),
    "metadata: [",
  ];
  const [author] = people;
  if (!author) throw new Error("nobody is there");
  await setRoles(t, author, ["editor"]);
  const { draftId } = await t.templates.create(author, { source: texts[0] ?? "" });
  return {
    t,
    name,
    people,
    texts,
    drafts: [draftId],
    reviews: [],
    looks: new Map(),
    writers: new Map([[draftId, new Set([author.id])]]),
    uploaders: new Map([
      [t.code, new Set([t.editor.id])],
      [codeB, new Set([t.editor.id])],
    ]),
    approvals: [],
    rejected: new Set(),
    judged: new Set(),
  };
}

const setRoles = (t: Reviewing, { subject, name }: Person, roles: readonly string[]) =>
  t.tenants.addMember(systemActor("seed", t.acme.id), { subject, name, email: `${subject}@acme.test`, roles: [...roles] });

async function begin({ t, name, drafts, writers }: World, person: Person): Promise<string | null> {
  const template = await t.templates.get(t.editor, { name });
  const copied = template.versions.length === 0 ? template.drafts[0]?.id : undefined;
  const opened = await tried(t.templates.drafts.create(person, { templateName: name }));
  if (!opened) return null;
  drafts.push(opened.draftId);
  writers.set(opened.draftId, new Set([person.id, ...(copied ? (writers.get(copied) ?? []) : [])]));
  return opened.draftId;
}

type Act = (world: World, a: number, b: number) => Promise<unknown>;

const acts: Record<string, Act> = {
  save: async ({ t, drafts, people, texts, writers }, a, b) => {
    const [draftId, person, source] = [late(drafts, a), at(people, b), at(texts, a + b)];
    if (!draftId || !person || source === undefined) return;
    const revision = (await tried(t.templates.drafts.get(t.editor, { draftId })))?.revision ?? 0;
    const before = (await tried(t.templates.drafts.get(t.editor, { draftId })))?.source;
    const saved = await tried(t.templates.drafts.save(person, { draftId, expectedRevision: revision, source }));
    if (saved && before !== source) writers.get(draftId)?.add(person.id);
  },
  /** Other words for the same: the digest stays, the bytes do not. */
  reword: async ({ t, drafts, people, writers }, a, b) => {
    const [draftId, person] = [late(drafts, a), at(people, b)];
    if (!draftId || !person) return;
    const { revision, source } = await t.templates.drafts.get(t.editor, { draftId });
    const saved = await tried(t.templates.drafts.save(person, { draftId, expectedRevision: revision, source: `# ${a}\n${source}` }));
    if (saved) writers.get(draftId)?.add(person.id);
  },
  begin: async (world, a) => {
    const person = at(world.people, a);
    if (person && world.drafts.length <= 3) await begin(world, person);
  },
  request: async ({ t, drafts, people, reviews }, a, b) => {
    const [draftId, person] = [late(drafts, a), at(people, b)];
    if (!draftId || !person) return;
    const draft = await t.templates.drafts.get(t.editor, { draftId });
    const opened = await tried(t.templates.requestReview(person, { draftId, expectedRevision: draft.revision, title: "Please" }));
    if (opened) reviews.push(opened);
  },
  look: async ({ t, reviews, looks }, a) => {
    const review = late(reviews, a);
    if (!review) return;
    const { head } = await t.page(review.number);
    looks.set(review.number, {
      digest: head.digest ?? "",
      baseDigest: head.base?.digest ?? null,
      policyRevision: t.reviews.policyRevision("template"),
      text: head.content,
      policy: policy.number,
    });
  },
  /** By what was seen, which may be old. */
  approve: async ({ t, reviews, people, looks, approvals }, a, b) => {
    const [review, person] = [late(reviews, a), at(people, b)];
    const look = review && looks.get(review.number);
    if (!review || !person || !look) return;
    const { text, policy: number, ...judged } = look;
    const approved = await tried(t.reviews.approve(person, { reviewId: review.reviewId, ...judged }));
    if (approved) approvals.push({ number: review.number, userId: person.id, text, baseDigest: look.baseDigest, policy: number });
  },
  reject: async ({ t, reviews, people, looks, rejected }, a, b) => {
    const [review, person] = [late(reviews, a), at(people, b)];
    const look = review && looks.get(review.number);
    if (!review || !person || !look || a % 3 > 0) return;
    const { digest, baseDigest, policyRevision } = look;
    const judged = { reviewId: review.reviewId, digest, baseDigest, policyRevision };
    const done = await tried(t.reviews.reject(person, { ...judged, note: "no" }));
    if (done) rejected.add(review.number);
  },
  withdraw: async ({ t, reviews, people }, a, b) => {
    const [review, person] = [late(reviews, a), at(people, b)];
    if (review && person && a % 3 === 0) await tried(t.reviews.withdraw(person, review));
  },
  comment: async ({ t, reviews, people }, a, b) => {
    const [review, person] = [late(reviews, a), at(people, b)];
    if (review && person) await tried(t.reviews.comment(person, { reviewId: review.reviewId, body: "Hm" }));
  },
  rebase: async ({ t, drafts, people }, a, b) => {
    const [draftId, person] = [late(drafts, a), at(people, b)];
    if (!draftId || !person) return;
    const { revision } = await t.templates.drafts.get(t.editor, { draftId });
    await tried(t.templates.drafts.rebase(person, { draftId, expectedRevision: revision }));
  },
  upload: async ({ t, people, uploaders }, a, b) => {
    const person = at(people, b);
    if (!person || a % 2 > 0) return;
    const stored = await tried(t.templates.archives.upload(person, CODE_B));
    if (stored) uploaders.get(stored.digest)?.add(person.id);
  },
  promote: async ({ t, people }, a, b) => {
    const [person, roles] = [at(people, a), at(ROLES, b)];
    if (person && roles) await setRoles(t, person, roles);
  },
  legislate: async ({ t }, a) => {
    if (a % 2 > 0) return;
    policy.required = 3 - policy.required;
    policy.number += 1;
    await t.changePolicies("reviews", (data: { approvals: { required: number } }) => {
      data.approvals.required = policy.required;
    });
  },
  publish: async ({ t, reviews }, a) => {
    const review = late(reviews, a);
    const publisher: SystemActor = systemActor("publisher", t.acme.id);
    if (review) await tried(t.templates.publish(publisher, { reviewId: review.reviewId }));
  },
};

/** Roles and policies order themselves against nothing that happens at the same moment; the rest must hold whatever runs beside it. */
const ALONE = new Set(["promote", "legislate", "begin", "upload"]);

async function rolesOf(t: Reviewing): Promise<Map<string, string[]>> {
  const { rows } = await t.fastDatabase.inTenant(t.acme.id, (tx) =>
    tx.query<{ id: string; roles: string[] }>("select user_id as id, roles from members"),
  );
  return new Map(rows.map(({ id, roles }) => [id, roles]));
}

async function versionsOf({ t, name }: World): Promise<Version[]> {
  const { rows } = await t.fastDatabase.inTenant(t.acme.id, (tx) =>
    tx.query<Version>(
      `select v.semver, v.source, p.source as "parentSource", p.digest as "parentDigest", r.number, r.source_ref as "draftId"
         from template_versions v join templates t on t.id = v.template_id
         left join template_versions p on p.id = v.parent_version_id left join reviews r on r.id = v.review_id
        where t.name = $1`,
      [name],
    ),
  );
  return rows;
}

/** What is wrong with a version that just appeared; null when nothing is. */
async function wrongWith(world: World, version: Version): Promise<string | null> {
  const { t, approvals, writers, uploaders, rejected } = world;
  const { source, parentSource, parentDigest, number, draftId } = version;
  if (rejected.has(number)) return `${version.semver} was rejected`;
  const contributors = new Set(writers.get(draftId));
  for (const [code, by] of uploaders)
    if (source.includes(code) && !parentSource?.includes(code)) for (const userId of by) contributors.add(userId);
  const roles = await rolesOf(t);
  const counting = approvals.filter(
    (approval) =>
      approval.number === number &&
      approval.text === source &&
      approval.baseDigest === parentDigest &&
      approval.policy === policy.number &&
      !contributors.has(approval.userId) &&
      (roles.get(approval.userId) ?? []).some((role) => role === "reviewer" || role === "admin"),
  );
  const given = new Set(counting.map(({ userId }) => userId)).size;
  const reachesMore = source.includes("egress") !== (parentSource ?? "").includes("egress");
  const required = Math.max(policy.required, reachesMore ? 2 : 1);
  return given >= required ? null : `${version.semver}: ${given} of ${required} approvals of its text by people who may`;
}

test("nothing is published but what enough people approved who had no part in it", { timeout: 500_000 }, async () => {
  await using t = await openReviewing();
  const subjects = ["ann", "ben", "cid", "dan"];
  const people: Person[] = [];
  for (const subject of subjects) people.push({ ...(await t.join(subject, ["editor"])), subject });
  const { digest: codeB } = await t.templates.archives.upload(t.editor, CODE_B);
  let judged = 0;

  const one = fc.record({
    name: fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom("look", "approve") },
      { weight: 3, arbitrary: fc.constantFrom("save", "reword", "request", "publish") },
      { weight: 1, arbitrary: fc.constantFrom(...Object.keys(acts)) },
    ),
    a: fc.nat({ max: 20 }),
    b: fc.nat({ max: 20 }),
  });
  const step = fc.tuple(one, fc.option(one, { freq: 3 }));

  /** One writes, two others may approve. */
  const seat = async () => {
    const seats = [["editor"], ["editor", "reviewer"], ["reviewer"], ["admin"]];
    for (const [index, person] of people.entries()) await setRoles(t, person, seats[index] ?? []);
  };
  const judge = async (world: World) => {
    for (const version of await versionsOf(world)) {
      if (world.judged.has(version.semver)) continue;
      world.judged.add(version.semver);
      expect(await wrongWith(world, version)).toBeNull();
      judged += 1;
    }
  };

  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 25, maxLength: 40 }), step, async (steps, [between]) => {
      const world = await openWorld(t, people, codeB);
      await seat();
      await acts["request"]?.(world, 0, 0);
      await acts["look"]?.(world, 0, 0);
      for (const [first, second] of steps) {
        const beside = second && !ALONE.has(first.name) && !ALONE.has(second.name) ? [second] : [];
        await Promise.all([first, ...beside].map(({ name, a, b }) => acts[name]?.(world, a, b)));
        await judge(world);
      }
      // Whatever came of it: a new draft goes all the way, but for one act in between.
      await seat();
      const [author] = people;
      const draftId = author && (await begin(world, author));
      if (!draftId) throw new Error("an editor cannot begin a draft");
      const source = (world.texts[0] ?? "").replace("30s", "45s");
      await t.templates.drafts.save(author, { draftId, expectedRevision: 1, source });
      await tried(t.templates.drafts.rebase(author, { draftId, expectedRevision: 2 }));
      await acts["request"]?.(world, 1, 0);
      await acts["look"]?.(world, 1, 0);
      for (const approver of [2, 3]) await acts["approve"]?.(world, 1, approver);
      await acts[between.name]?.(world, 1, between.b);
      await acts["publish"]?.(world, 1, 0);
      await judge(world);
    }),
    { numRuns: 14, endOnFailure: true },
  );
  expect(judged, "versions that were judged").toBeGreaterThan(5);
});
