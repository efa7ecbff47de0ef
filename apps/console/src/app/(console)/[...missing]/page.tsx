import { notFound } from "next/navigation";

/** Any other address: the console's own "nothing here", with the navigation around it. */
export default function Missing(): never {
  notFound();
}
