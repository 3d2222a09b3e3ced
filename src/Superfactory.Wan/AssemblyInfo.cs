using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Superfactory.Wan.Tests")]

// Bridges that are joined without gateways protect their messages by the same checksum.
[assembly: InternalsVisibleTo("Superfactory.Sync")]
