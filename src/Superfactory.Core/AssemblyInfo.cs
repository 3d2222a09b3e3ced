using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Superfactory.Core.Tests")]
