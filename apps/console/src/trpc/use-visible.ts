"use client";
import { useEffect, useState } from "react";

/** Whether the tab is looked at: one in the background lets go of its streams, of which a browser keeps few to one origin. */
export function useVisible(): boolean {
  const [visible, setVisible] = useState(true);
  useEffect(() => {
    const look = () => setVisible(document.visibilityState === "visible");
    look();
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);
  return visible;
}
