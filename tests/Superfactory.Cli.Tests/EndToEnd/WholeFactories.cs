namespace Superfactory.Cli.Tests.EndToEnd;

/// <summary>One whole factory at a time: each takes every core of the machine.</summary>
[CollectionDefinition(Name)]
public sealed class WholeFactories
{
    public const string Name = "end to end";
}
