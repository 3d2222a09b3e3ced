using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Superfactory.Wan.Tests")]
