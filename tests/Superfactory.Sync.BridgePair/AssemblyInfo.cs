using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Superfactory.Sync.Tests")]
