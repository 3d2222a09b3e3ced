using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Superfactory.Control.Tests")]
