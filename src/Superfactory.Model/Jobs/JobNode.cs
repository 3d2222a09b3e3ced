using System.Collections.Immutable;

namespace Superfactory.Model.Jobs;

/// <summary>A piece of YAML with the line it begins on. Immutable.</summary>
internal abstract record JobNode(int Line)
{
    /// <summary>What it is, for people.</summary>
    public abstract string Describe();

    /// <summary>A text, number, or nothing.</summary>
    /// <param name="Line">The line, from 1.</param>
    /// <param name="Text">Without quotes.</param>
    /// <param name="Plain">Whether it stood without quotes, so that it may be a number or nothing.</param>
    public sealed record Scalar(int Line, string Text, bool Plain) : JobNode(Line)
    {
        private const int ShownMax = 60;

        /// <summary>Whether nothing, <c>~</c> or <c>null</c> was written.</summary>
        public bool IsNothing => Plain && Text is "" or "~" or "null" or "Null" or "NULL";

        public override string Describe() => IsNothing ? "nothing" : $"'{Shown}'";

        private string Shown
        {
            get
            {
                var line = string.Concat(Text.Select(character => char.IsControl(character) ? ' ' : character));
                return line.Length <= ShownMax ? line : line[..ShownMax] + "…";
            }
        }
    }

    /// <summary>A list.</summary>
    public sealed record List(int Line, ImmutableArray<JobNode> Items) : JobNode(Line)
    {
        public override string Describe() => "a list";
    }

    /// <summary>Fields, each name once.</summary>
    public sealed record Map(int Line, ImmutableArray<Entry> Entries) : JobNode(Line)
    {
        public override string Describe() => "fields";
    }

    /// <summary>Something that was refused already, so that nobody complains of it again.</summary>
    public sealed record Refused(int Line) : JobNode(Line)
    {
        public override string Describe() => "something else";
    }

    /// <summary>A field of a <see cref="Map"/>.</summary>
    /// <param name="Key">Its name.</param>
    /// <param name="Line">The line of the name.</param>
    /// <param name="Value">What it holds.</param>
    public sealed record Entry(string Key, int Line, JobNode Value);
}
