/**
 * Drain, an online log parser: groups lines into message templates in one pass with a parse tree of fixed depth.
 * P. He, J. Zhu, Z. Zheng, M. R. Lyu, *Drain: An Online Log Parsing Approach with Fixed Depth Tree*, IEEE ICWS 2017.
 *
 * A line goes down the tree by its number of words, then by its first words; at the leaf it joins the most similar group, if
 * similar enough, and positions that differ become a wildcard. A word with a digit is a wildcard on the way down, so that a
 * variable does not split groups; a node with too many children sends new words to its wildcard child.
 */

export const WILDCARD = "<*>";

/**
 * @typedef {object} Group
 * @property {number} id        from 1, in the order of first appearance
 * @property {string[]} words   the template
 * @property {number} count
 *
 * @param {{ depth?: number, similarity?: number, childrenMax?: number, groupsMax?: number }} [options]
 *   `depth` levels of words below the length level, `similarity` share of equal words to join a group
 */
export function createDrain({ depth = 2, similarity = 0.5, childrenMax = 100, groupsMax = 5000 } = {}) {
  /** @type {Group[]} */
  const groups = [];
  const byLength = new Map();

  const leafOf = (words) => {
    let node = childOf(byLength, words.length, newNode);
    for (let level = 0; level < Math.min(depth, words.length); level++) {
      const word = /\d/.test(words[level]) ? WILDCARD : words[level];
      const full = node.children.size >= childrenMax && !node.children.has(word);
      node = childOf(node.children, full ? WILDCARD : word, newNode);
    }
    return node.groups;
  };

  return {
    groups,
    /** Adds a line and returns its group; null for a line without words, or when a new group would be one too many. */
    add(/** @type {string[]} */ words) {
      if (words.length === 0) return null;
      const leaf = leafOf(words);
      const best = mostSimilar(leaf, words);
      if (best !== null && best.score >= similarity) {
        best.group.count += 1;
        for (const [at, word] of words.entries()) if (best.group.words[at] !== word) best.group.words[at] = WILDCARD;
        return best.group;
      }
      if (groups.length >= groupsMax) return null;
      const group = { id: groups.length + 1, words: [...words], count: 1 };
      groups.push(group);
      leaf.push(group);
      return group;
    },
  };
}

/** Share of positions with the same word (the paper's simSeq); between equals the template with more wildcards wins. */
function mostSimilar(groups, words) {
  let best = null;
  for (const group of groups) {
    let equal = 0;
    let wild = 0;
    for (const [at, word] of group.words.entries()) {
      if (word === WILDCARD) wild += 1;
      else if (word === words[at]) equal += 1;
    }
    const score = equal / words.length;
    if (best === null || score > best.score || (score === best.score && wild > best.wild)) best = { group, score, wild };
  }
  return best;
}

function newNode() {
  return { children: new Map(), groups: [] };
}

function childOf(map, key, create) {
  const known = map.get(key);
  if (known !== undefined) return known;
  const created = create();
  map.set(key, created);
  return created;
}
