-- What happened to a run is kept for a year after its end; the loop that forgets logs forgets it too.
GRANT DELETE ON run_events TO af_system;
