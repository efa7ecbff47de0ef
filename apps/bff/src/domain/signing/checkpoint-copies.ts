/**
 * The newest checkpoint of each tree, kept outside the database: `<stateDir>/log-heads/<tree id>/<size>`. A database that was restored
 * from an older backup is behind its copy, and would give the same places to other entries: the copy is how that is noticed.
 *
 * One file a checkpoint, written aside, synced and renamed; several processes never overwrite each other's, and the largest counts.
 */
import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, unlink } from "node:fs/promises";
import path from "node:path";
import { type Checkpoint, parseCheckpoint, parseNote } from "@agent-factory/tlog/note";

export type CheckpointCopies = {
  /** The largest copy of each tree. */
  read(): Promise<Map<string, Checkpoint>>;
  /** On disk when it resolves. */
  keep(treeId: string, size: number, checkpoint: string): Promise<void>;
  /** The tree is given up: its copies are put aside, and no longer compared. */
  putAside(treeId: string): Promise<void>;
};

export function createCheckpointCopies(stateDir: string): CheckpointCopies {
  const root = path.join(stateDir, "log-heads");
  /** What this process wrote last, by tree: removed when a larger one is there. */
  const own = new Map<string, number>();
  return {
    read: async () => {
      const copies = new Map<string, Checkpoint>();
      for (const treeId of await names(root)) {
        const checkpoint = await readLargest(path.join(root, treeId));
        if (checkpoint) copies.set(treeId, checkpoint);
      }
      return copies;
    },
    keep: async (treeId, size, checkpoint) => {
      const directory = path.join(root, treeId);
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const temporary = path.join(directory, `.${process.pid}.${randomBytes(4).toString("hex")}`);
      const handle = await open(temporary, "wx", 0o600);
      try {
        await handle.writeFile(checkpoint);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, path.join(directory, String(size)));
      await sync(directory);
      const before = own.get(treeId) ?? size;
      own.set(treeId, Math.max(before, size));
      if (before !== size) await unlink(path.join(directory, String(Math.min(before, size)))).catch(unlessMissing);
    },
    putAside: async (treeId) => {
      own.delete(treeId);
      await rename(path.join(root, treeId), path.join(root, `${treeId}.given-up-${Date.now()}`)).catch(unlessMissing);
    },
  };
}

async function readLargest(directory: string): Promise<Checkpoint | null> {
  for (;;) {
    const size = Math.max(-1, ...(await names(directory)).map(Number));
    if (size < 0) return null;
    const file = path.join(directory, String(size));
    // Another process has written a larger one and removed this: it is looked for again.
    const note = await readFile(file, "utf8").catch(unlessMissing);
    if (note === undefined) continue;
    const checkpoint = parseCheckpoint(parseNote(note)?.text ?? "");
    // Fail-closed: a damaged copy says nothing about the database, so the database is not believed either.
    if (checkpoint?.size === size) return checkpoint;
    throw new Error(`${file} is damaged: restore it, or remove it when you know that the database is the newest`);
  }
}

/** Names that are numbers: trees, or sizes. What is half written or put aside has another name. */
async function names(directory: string): Promise<string[]> {
  const found = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return found.filter((name) => /^\d+$/.test(name));
}

async function sync(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function unlessMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}
