using System.Collections.Immutable;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Superfactory.Model.Jobs;

/// <summary>
/// Reads the part of YAML that a job file and its like need: fields, lists, texts and numbers. Aliases and tags are refused: they would let a
/// few lines unfold into gigabytes, or name types. Not safe for concurrent use.
/// </summary>
internal sealed class JobYaml
{
    /// <summary>The longest job file in characters. The longest that makes sense, a thousand arguments and variables, is a tenth of it.</summary>
    public const int LengthMax = 1_048_576;

    // The deepest field is three deep; what is deeper is refused before the stack is.
    private const int DepthMax = 16;

    private readonly JobProblems _problems;
    private readonly YamlSubject _subject;
    private readonly Parser _parser;
    private readonly int _lines;
    private bool _stopped;

    private JobYaml(string text, JobProblems problems, YamlSubject subject)
    {
        (_problems, _subject) = (problems, subject);
        _parser = new Parser(new StringReader(text));
        _lines = text.AsSpan().TrimEnd('\n').Count('\n') + 1;
    }

    /// <summary>The top of the file; null where there is none, and then there is a problem.</summary>
    /// <param name="text">The text of the file.</param>
    /// <param name="problems">Takes what is wrong.</param>
    /// <param name="subject">What the file is to hold; null for a job.</param>
    public static JobNode? Read(string text, JobProblems problems, YamlSubject? subject = null)
    {
        subject ??= YamlSubject.Job;
        if (text.Length > LengthMax)
        {
            problems.Add(null, null, $"The file holds {text.Length} characters; a {subject.Name} file has at most {LengthMax}.");
            return null;
        }

        // YamlDotNet takes a zero byte for the end of the file and would leave the rest unread.
        var zero = text.IndexOf('\0');
        if (zero >= 0)
        {
            problems.Add(text.AsSpan(0, zero).Count('\n') + 1, null, $"The file holds a zero byte and is no text. Expected a {subject.Name} file in YAML.");
            return null;
        }

        var reader = new JobYaml(text, problems, subject);
        try
        {
            return reader.ReadDocument();
        }
        catch (YamlException exception)
        {
            problems.Add(reader.Line(exception.Start), null, $"This is no YAML: {Sentence(exception.Message)}", HintFor(text, reader.Line(exception.Start)));
            return null;
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException)
        {
            // YamlDotNet lets these escape on some texts that are no YAML, such as half a surrogate pair; their messages speak of its insides.
            problems.Add(reader.Line(reader._parser.Current?.Start ?? Mark.Empty), null, "This is no YAML: it cannot be read from about here on.");
            return null;
        }
    }

    private JobNode? ReadDocument()
    {
        _parser.Consume<StreamStart>();
        if (!_parser.TryConsume<DocumentStart>(out _))
        {
            _problems.Add(1, null, $"The file is empty. Expected a {_subject.Name}, as {_subject.Document} describes it.");
            return null;
        }

        var root = ReadNode(string.Empty, depth: 0);
        if (_stopped)
        {
            return null;
        }

        _parser.Consume<DocumentEnd>();
        if (_parser.TryConsume<DocumentStart>(out var second))
        {
            _problems.Add(Line(second.Start), null, $"A second document begins here. Expected one {_subject.Name} in a file.");
        }

        return root;
    }

    /// <summary>Reads the node that comes.</summary>
    private JobNode ReadNode(string path, int depth)
    {
        if (depth > DepthMax)
        {
            // The scanner takes time by the square of the depth.
            return Stop(path, $"This is nested more than {DepthMax} deep; no field of a {_subject.Name} is.");
        }

        if (_parser.Accept<AnchorAlias>(out var alias))
        {
            return Refuse(path, depth, $"'*{alias.Value}' refers to another place in the file. Expected the value itself.");
        }

        if (_parser.Current is NodeEvent { Tag.IsEmpty: false } tagged)
        {
            var tag = tagged.Tag.Value.Replace("tag:yaml.org,2002:", "!!", StringComparison.Ordinal);
            return Refuse(path, depth, $"'{tag}' is a tag. Expected a value without one.");
        }

        if (_parser.TryConsume<Scalar>(out var scalar))
        {
            return new JobNode.Scalar(Line(scalar.Start), scalar.Value, scalar.Style == ScalarStyle.Plain);
        }

        return _parser.Accept<SequenceStart>(out _) ? ReadList(path, depth) : ReadMap(path, depth);
    }

    /// <summary>Refuses what comes and reads nothing behind it.</summary>
    private JobNode.Refused Stop(string path, string message)
    {
        _stopped = true;
        var line = Line(_parser.Current!.Start);
        _problems.Add(line, path, message);
        return new JobNode.Refused(line);
    }

    /// <summary>Refuses what comes and reads on behind it.</summary>
    private JobNode.Refused Refuse(string path, int depth, string message)
    {
        var line = Line(_parser.Current!.Start);
        _problems.Add(line, path, message);
        if (_parser.Accept<AnchorAlias>(out _) || _parser.Accept<Scalar>(out _))
        {
            _parser.MoveNext();
        }
        else if (_parser.Accept<SequenceStart>(out _))
        {
            ReadList(path, depth);
        }
        else
        {
            ReadMap(path, depth);
        }

        return new JobNode.Refused(line);
    }

    private JobNode.List ReadList(string path, int depth)
    {
        var line = Line(_parser.Consume<SequenceStart>().Start);
        var items = ImmutableArray.CreateBuilder<JobNode>();
        for (var index = 0; !_stopped && !_parser.TryConsume<SequenceEnd>(out _); index++)
        {
            items.Add(ReadNode($"{path}[{index}]", depth + 1));
        }

        return new JobNode.List(line, items.ToImmutable());
    }

    private JobNode.Map ReadMap(string path, int depth)
    {
        var line = Line(_parser.Consume<MappingStart>().Start);
        var entries = ImmutableArray.CreateBuilder<JobNode.Entry>();
        var lines = new Dictionary<string, int>(StringComparer.Ordinal);
        while (!_stopped && !_parser.TryConsume<MappingEnd>(out _))
        {
            if (!_parser.Accept<Scalar>(out _))
            {
                Stop(path, "Expected the name of a field.");
                break;
            }

            var key = _parser.Consume<Scalar>();
            var field = path.Length == 0 ? key.Value : $"{path}.{key.Value}";
            var value = ReadNode(field, depth + 1);
            if (!lines.TryAdd(key.Value, Line(key.Start)))
            {
                _problems.Add(Line(key.Start), field, $"The field stands in the file twice, first on line {lines[key.Value]}. Expected it once.");
            }
            else
            {
                entries.Add(new JobNode.Entry(key.Value, Line(key.Start), value));
            }
        }

        return new JobNode.Map(line, entries.ToImmutable());
    }

    // What is missing at the end of the file is reported behind it, where nobody can look.
    private int Line(Mark mark) => (int)Math.Clamp(mark.Line, 1, _lines);

    private static string Sentence(string message)
    {
        var words = string.Join(' ', message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        var lower = words.Length > 0 ? char.ToLowerInvariant(words[0]) + words[1..] : "it cannot be read";
        return lower.EndsWith('.') ? lower : lower + ".";
    }

    private static string? HintFor(string text, int line)
    {
        var shown = text.Split('\n').ElementAtOrDefault(line - 1) ?? string.Empty;
        var next = text.Split('\n').ElementAtOrDefault(line) ?? string.Empty;
        return shown.Contains('\t') || next.StartsWith('\t') ? "Indent with spaces, YAML allows no tabs there." : null;
    }
}
