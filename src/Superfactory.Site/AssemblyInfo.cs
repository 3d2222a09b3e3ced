using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Superfactory.Site.Tests")]
