"use client";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { reviewMessages } from "./messages.ts";

type Person = { readonly id: string; readonly name: string };

const NAMED_MAX = 4;

/** Names of people in a sentence: the viewer left out or first, many cut short. */
export function usePeople() {
  const messages = useMessages(reviewMessages);
  const format = useFormat();
  const { user } = useViewer();
  const list = (people: readonly Person[], type: "conjunction" | "disjunction" = "conjunction") => {
    const named = people.length > NAMED_MAX ? people.slice(0, NAMED_MAX - 1) : people;
    const rest = people.length - named.length;
    return format.list([...named.map(({ name }) => name), ...(rest > 0 ? [messages.othersMore(rest)] : [])], type);
  };
  const others = (people: readonly Person[]) => people.filter(({ id }) => id !== user.id);
  return {
    list,
    others,
    isMe: ({ id }: Person) => id === user.id,
    /** "Rita and Ada can." */
    whoCan: (people: readonly Person[]) => (others(people).length === 0 ? messages.canNobody : messages.can(list(others(people)))),
    /** "a reviewer or an administrator" */
    roles: (roles: readonly string[]) =>
      format.list(
        roles.map((role) => {
          const name = `role_${role}` as const;
          return name in messages ? messages[name as "role_reviewer"] : role;
        }),
        "disjunction",
      ),
  };
}
