using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Superfactory.Routing.Tests")]
