using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Superfactory.Site.Tests")]

// The command starts its own processes with the same machinery.
[assembly: InternalsVisibleTo("superfactory")]
