using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Superfactory.Sync.Tests")]
[assembly: InternalsVisibleTo("Superfactory.Sync.BridgePair")]

// The benchmark of the merge stands in for a trainer.
[assembly: InternalsVisibleTo("superfactory")]

// Its checkers look at what a machine holds, and its hosts are the bridge's own parts.
[assembly: InternalsVisibleTo("Superfactory.Simulation")]
