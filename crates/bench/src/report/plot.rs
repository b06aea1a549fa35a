//! A line over points, as SVG.

use std::fmt::Write as _;

use super::row::rounded;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 320.0;
/// Between the edge of the picture and the axes.
const MARGIN: f64 = 56.0;

/// Points of one line, from left to right.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) points: Vec<(f64, f64)>,
}

/// One line with its axes. The vertical one begins at zero, so that heights can be compared.
pub(crate) struct Plot {
    pub(crate) title: String,
    across: &'static str,
    logarithmic: bool,
    series: Series,
}

impl Plot {
    /// A plot of `series` over what `across` names, in powers of ten when `logarithmic`.
    pub(crate) fn new(title: &str, across: &'static str, logarithmic: bool, series: &Series) -> Self {
        Self { title: title.to_owned(), across, logarithmic, series: series.clone() }
    }

    /// The picture. Its colours suit light and dark pages.
    pub(crate) fn to_svg(&self) -> String {
        let (right, bottom) = (WIDTH - MARGIN, HEIGHT - MARGIN);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
             font-size=\"12\" fill=\"#777\"><title>{title}</title>\
             <text x=\"{MARGIN}\" y=\"24\" font-size=\"15\">{title}</text>\
             <path d=\"M{MARGIN} {MARGIN}V{bottom}H{right}\" fill=\"none\" stroke=\"#777\"/>\
             <text x=\"{right}\" y=\"{label}\" text-anchor=\"end\">{across}</text>\
             <text x=\"{MARGIN}\" y=\"{above}\">{name}</text>\n",
            title = self.title,
            across = self.across,
            name = self.series.name,
            label = HEIGHT - 12.0,
            above = MARGIN - 10.0,
        );
        let places: Vec<_> = self.places();
        let line: Vec<_> = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        // Writing to a text does not fail.
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"#2a7ae2\" stroke-width=\"2\"/>",
            line.join(" ")
        );
        for ((x, y), (across, value)) in places.iter().zip(&self.series.points) {
            let _ = writeln!(
                svg,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\" fill=\"#2a7ae2\"/>\
                 <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\
                 <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{across}</text>",
                y - 9.0,
                rounded(*value),
                bottom + 18.0,
            );
        }
        svg + "</svg>\n"
    }

    fn places(&self) -> Vec<(f64, f64)> {
        let points = &self.series.points;
        let scale = |across: f64| if self.logarithmic { across.max(1.0).log10() } else { across };
        let lowest = points.iter().map(|(across, _)| scale(*across)).fold(f64::INFINITY, f64::min);
        let highest = points.iter().map(|(across, _)| scale(*across)).fold(f64::NEG_INFINITY, f64::max);
        let top = points.iter().map(|(_, value)| *value).fold(f64::MIN_POSITIVE, f64::max);
        // Room for the numbers at both ends.
        let (left, width) = (MARGIN + 24.0, 2.0f64.mul_add(-MARGIN, WIDTH) - 48.0);
        let height = 2.0f64.mul_add(-MARGIN, HEIGHT);
        let x = |across: f64| {
            let span = highest - lowest;
            if span > 0.0 { left + width * (scale(across) - lowest) / span } else { left + width / 2.0 }
        };
        let y = |value: f64| HEIGHT - MARGIN - height * 0.9 * value.max(0.0) / top;
        points.iter().map(|(across, value)| (x(*across), y(*value))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(points: &[(f64, f64)]) -> Plot {
        let series = Series { name: "ms".to_owned(), points: points.to_vec() };
        Plot::new("Hashes", "lanes", true, &series)
    }

    #[test]
    fn higher_values_lie_higher_and_powers_of_ten_lie_evenly() {
        let places = plot(&[(10.0, 1.0), (100.0, 3.0), (1_000.0, 2.0)]).places();
        assert!(places[1].1 < places[2].1 && places[2].1 < places[0].1, "{places:?}");
        assert!(((places[1].0 - places[0].0) - (places[2].0 - places[1].0)).abs() < 0.01, "{places:?}");
    }

    #[test]
    fn every_point_is_drawn_with_its_value_inside_the_picture() {
        for points in [&[][..], &[(5.0, 7.5)], &[(1.0, 0.0), (2.0, 1e9)]] {
            let plot = plot(points);
            let svg = plot.to_svg();
            assert_eq!(svg.matches("<circle").count(), points.len());
            assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n") && !svg.contains("NaN"), "{svg}");
            let inside = |(x, y): &(f64, f64)| (0.0..=WIDTH).contains(x) && (0.0..=HEIGHT).contains(y);
            assert!(plot.places().iter().all(inside));
        }
    }
}
