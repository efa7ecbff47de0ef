"use client";
import { useEffect } from "react";
import { SIGN_IN_CHANNEL } from "../../../session/sign-in-state.ts";

/** Tells the pages that wait, then closes this window (browsers allow it: a script opened it). */
export function TellOtherTabs(): null {
  useEffect(() => {
    const channel = new BroadcastChannel(SIGN_IN_CHANNEL);
    channel.postMessage("signed-in");
    channel.close();
    window.close();
  }, []);
  return null;
}
