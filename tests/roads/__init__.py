"""The roads into other programs: functions, web servers, vendored and embedded copies, bundles, other runtimes."""
