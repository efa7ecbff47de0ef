import type { Sentence } from "./sentences.ts";

/** A person of the demo: what the ID token says, and what the sign-in page shows. Roles themselves belong to the registry. */
export type Person = {
  readonly subject: string;
  readonly name: string;
  readonly email: string;
  readonly tenant: string;
  readonly role: Sentence;
};

export const people: readonly Person[] = [
  {
    subject: "acme-editor",
    name: "Emma Laurent",
    email: "editor@acme.test",
    tenant: "Acme",
    role: { en: "Editor: writes and tries templates", fr: "Éditrice : écrit et essaie les modèles" },
  },
  {
    subject: "acme-reviewer",
    name: "Rui Costa",
    email: "reviewer@acme.test",
    tenant: "Acme",
    role: { en: "Reviewer: reads and judges", fr: "Relecteur : lit et juge" },
  },
  {
    subject: "acme-manager",
    name: "Mina Okafor",
    email: "manager@acme.test",
    tenant: "Acme",
    role: { en: "Manager: follows what runs", fr: "Responsable : suit ce qui tourne" },
  },
  {
    subject: "acme-operator",
    name: "Otto Berg",
    email: "operator@acme.test",
    tenant: "Acme",
    role: { en: "Operator: runs the hosts", fr: "Opérateur : fait tourner les hôtes" },
  },
  {
    subject: "acme-admin",
    name: "Ada Novak",
    email: "admin@acme.test",
    tenant: "Acme",
    role: { en: "Administrator: may do everything", fr: "Administratrice : peut tout faire" },
  },
  {
    subject: "globex-editor",
    name: "Gil Moreau",
    email: "editor@globex.test",
    tenant: "Globex",
    role: { en: "Editor of another tenant", fr: "Éditeur d’un autre client" },
  },
];

export function findPerson(subjectOrEmail: string): Person | null {
  const wanted = subjectOrEmail.trim().toLowerCase();
  return people.find((person) => person.subject === wanted || person.email === wanted) ?? null;
}
