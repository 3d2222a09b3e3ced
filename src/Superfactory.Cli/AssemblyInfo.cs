using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Superfactory.Cli.Tests")]
