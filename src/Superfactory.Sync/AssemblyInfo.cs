using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Superfactory.Sync.Tests")]
[assembly: InternalsVisibleTo("Superfactory.Sync.BridgePair")]
